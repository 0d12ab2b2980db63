import BossDatabase

/// Statements that write voxels, and those about labels.
extension SyntaxPrinter {
    mutating func write(_ statement: Statement) {
        switch statement {
        case .insertCutout(let node): insert(node)
        case .deleteCutout(let node):
            word("DELETE", "CUTOUT", "FROM")
            path(node.path)
            region(node.region)
            condition(node.condition)
        case .updateCutout(let node):
            word("UPDATE", "CUTOUT")
            path(node.path)
            region(node.region)
            word("SET", node.target.value.rawValue, "=")
            expression(node.expression)
            condition(node.condition)
        case .copyCutout(let node):
            word("COPY")
            path(node.source)
            region(node.region)
            word("TO")
            path(node.destination)
            corner(node.point)
            mode(node.mode)
        case .importFiles(let node): importFiles(node)
        case .exportFiles(let node):
            word("EXPORT")
            path(node.path)
            region(node.region)
            word("TO")
            text(node.file)
            format(node.format)
            word(if: node.asynchronous != nil, "ASYNC")
        case .downsample(let node): downsample(node)
        default: break
        }
    }

    private mutating func insert(_ node: InsertCutout) {
        word("INSERT", "CUTOUT", "INTO")
        path(node.path)
        region(node.region)
        mode(node.mode)
        switch node.source {
        case .parameter(let number, _): word("VALUES", "$\(number)")
        case .file(let name, let format):
            word("FROM", "FILE")
            text(name)
            self.format(format)
        case .query(let query): volumeQuery(query)
        }
    }

    private mutating func mode(_ mode: Located<WriteMode>?) {
        if let mode { word("MODE", mode.value.rawValue) }
    }

    private mutating func corner(_ point: PointSyntax?) {
        guard let point else { return }
        word("AT")
        self.point(point)
    }

    private mutating func importFiles(_ node: ImportStatement) {
        word("IMPORT", "INTO")
        path(node.path)
        word("FROM")
        text(node.pattern)
        format(node.format)
        corner(node.point)
        word(if: node.ordersByName, "ORDER", "BY", "NAME")
        mode(node.mode)
        word(if: node.asynchronous != nil, "ASYNC")
        if let workers = node.workers { word("WORKERS", String(workers.value)) }
    }

    private mutating func downsample(_ node: DownsampleStatement) {
        word("DOWNSAMPLE")
        path(node.path)
        if let levels = node.levels {
            word("RES", String(levels.from.value), "TO", String(levels.to.value))
        }
        region(node.region)
        if let method = node.method { word("METHOD", method.value.rawValue) }
        word(if: node.isDirtyOnly, "ONLY", "DIRTY")
        word(if: node.asynchronous != nil, "ASYNC")
    }

    mutating func label(_ node: LabelStatement) {
        switch node {
        case .reserve(let count, let path):
            word("RESERVE")
            scalar(count)
            word("IDS", "IN")
            self.path(path)
        case .merge(let ids, let target, let path):
            word("MERGE", "IDS")
            list(ids) { $0.scalar($1) }
            word("INTO")
            scalar(target)
            word("IN")
            self.path(path)
        case .split(let id, let path, let region, let condition, let target):
            word("SPLIT", "ID")
            scalar(id)
            word("IN")
            self.path(path)
            self.region(region)
            self.condition(condition)
            word("INTO")
            scalar(target)
        case .cleave(let supervoxels, let id, let path):
            word("CLEAVE", "SUPERVOXELS")
            list(supervoxels) { $0.scalar($1) }
            word("FROM", "ID")
            scalar(id)
            word("IN")
            self.path(path)
        case .relabel(let path, let parameter):
            word("RELABEL")
            self.path(path)
            word("USING", "$\(parameter.value)")
        case .bake(let path):
            word("BAKE", "MAPPING", "OF")
            self.path(path)
        case .putMesh(let id, let path, let file):
            word("PUT", "MESH", "INTO")
            self.path(path)
            word("OF", "ID")
            scalar(id)
            word("FROM", "FILE")
            text(file)
        }
    }
}
