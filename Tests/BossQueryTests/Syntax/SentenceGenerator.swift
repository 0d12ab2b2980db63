import BossQuery
import BossTestSupport

/// Draws statements at random from the rules of Grammar/bossql.ebnf.
struct SentenceGenerator {
    private let rules: [String: GrammarNode]
    /// Fewest rules inside one another that a rule needs.
    private let heights: [String: Int]
    private let keywords = Set(Keywords.all)
    var random: SeededGenerator
    private let maximumDepth = 22
    private var pieces: [String] = []
    /// Pieces are put together without a space, as in a path.
    private var isGlued = false
    /// Alternatives of rules that may be taken once, by rule, while such a rule is drawn.
    private var used: [String: Set<Int>] = [:]
    /// How often each alternative of a rule or group was taken; the rarest are preferred half of the time.
    private var uses: [String: [Int: Int]] = [:]

    init(rules: [(name: String, body: GrammarNode)], seed: UInt64) {
        self.rules = Dictionary(uniqueKeysWithValues: rules.map { ($0.name, $0.body) })
        heights = Self.heights(of: self.rules)
        random = SeededGenerator(seed: seed)
    }

    /// A statement without its semicolon.
    mutating func statement() -> String { text(of: "statement") }

    /// A text that a rule allows.
    mutating func text(of rule: String) -> String {
        pieces = []
        isGlued = false
        used = [:]
        draw(rule: rule, depth: 0)
        return pieces.joined(separator: " ")
    }

    private mutating func chance(_ numerator: Int, _ denominator: Int) -> Bool {
        Int.random(in: 0..<denominator, using: &random) < numerator
    }

    private mutating func append(_ text: String) {
        if isGlued, let last = pieces.popLast() { pieces.append(last + text) } else { pieces.append(text) }
    }

    private mutating func draw(rule name: String, depth: Int) {
        if let text = word(for: name) {
            append(text)
            return
        }
        guard let body = rules[name] else { return }
        let wasGlued = isGlued
        if !wasGlued, ["path", "version", "name"].contains(name) {
            pieces.append("")
            isGlued = true
        }
        if case .sequence(let nodes) = body, case .remark(let remark) = nodes.last,
            remark.hasPrefix("each at most")
        {
            drawOnce(nodes, remark, depth: depth + 1)
        } else {
            draw(body, depth: depth + 1, in: name)
        }
        isGlued = wasGlued
    }

    /// Draws a rule whose repeated rule may give each alternative once.
    private mutating func drawOnce(_ nodes: [GrammarNode], _ remark: String, depth: Int) {
        let outer = used
        for name in nodes.flatMap(\.ruleNames) { used[name] = [] }
        for node in nodes.dropLast() {
            guard case .repetition(let inner) = node else {
                draw(node, depth: depth, in: "")
                continue
            }
            while depth < maximumDepth, chance(3, 5) {
                let repeated = inner.ruleNames.first ?? ""
                if remark.contains("one shape") { excludeShapes(of: repeated) }
                guard case .alternatives(let all) = rules[repeated],
                    used[repeated, default: []].count < all.count
                else { break }
                draw(inner, depth: depth, in: "")
            }
        }
        used = outer
    }

    /// BOX, AROUND and OF ID exclude each other; BOX and AROUND exclude X, Y, Z.
    private mutating func excludeShapes(of rule: String) {
        guard case .alternatives(let all) = rules[rule] else { return }
        let words = all.map { $0.terminals.first ?? "" }
        let taken = Set(used[rule, default: []].map { words[$0] })
        for (index, word) in words.enumerated() {
            let isExcluded =
                switch word {
                case "BOX", "AROUND": !taken.isDisjoint(with: ["BOX", "AROUND", "OF", "X", "Y", "Z"])
                case "OF": !taken.isDisjoint(with: ["BOX", "AROUND"])
                case "X", "Y", "Z": !taken.isDisjoint(with: ["BOX", "AROUND"])
                default: false
                }
            if isExcluded { used[rule, default: []].insert(index) }
        }
    }

    private mutating func draw(_ node: GrammarNode, depth: Int, in rule: String) {
        switch node {
        case .terminal(let text):
            append(text)
        case .rule(let name):
            draw(rule: name, depth: depth)
        case .sequence(let nodes):
            for node in nodes { draw(node, depth: depth, in: "") }
        case .optional(let inner):
            if depth < maximumDepth, chance(1, depth < 10 ? 2 : 8) { draw(inner, depth: depth, in: "") }
        case .repetition(let inner):
            while depth < maximumDepth, chance(1, depth < 10 ? 3 : 10) { draw(inner, depth: depth, in: "") }
        case .alternatives(let nodes):
            let key = rule.isEmpty ? nodes.compactMap(\.terminals.first).joined(separator: " ") : rule
            var choices = Array(nodes.indices)
            if let taken = used[rule] { choices.removeAll(where: taken.contains) }
            if depth >= maximumDepth {
                let least = choices.map { height(of: nodes[$0]) }.min()
                choices.removeAll { height(of: nodes[$0]) != least }
            }
            if chance(1, 2) {
                let least = choices.map { uses[key]?[$0] ?? 0 }.min()
                choices.removeAll { (uses[key]?[$0] ?? 0) != least }
            }
            guard let choice = choices.randomElement(using: &random) else { return }
            used[rule]?.insert(choice)
            uses[key, default: [:]][choice, default: 0] += 1
            draw(nodes[choice], depth: depth, in: "")
        case .remark: break
        }
    }

    /// The text of a rule about characters, or nil for other rules.
    private mutating func word(for rule: String) -> String? {
        switch rule {
        case "word":
            chance(1, 5) ? ["select", "FROM", "Where", "x"].randomElement(using: &random) : plainIdentifier()
        case "plain-identifier": plainIdentifier()
        case "quoted-identifier":
            ["\"a\"", "\"CUTOUT\"", "\"two words\"", "\"say \"\"x\"\"\"", "\"é-1/2\""].randomElement(
                using: &random)
        case "plain-name": plainName()
        case "text":
            ["'a'", "''", "'it''s'", "'µm -- no comment'", "'2026-03-01T00:00:00Z'"].randomElement(
                using: &random)
        case "bytes": ["X''", "x'0aFF'"].randomElement(using: &random)
        case "integer":
            chance(1, 40)
                ? "18446744073709551615"
                : ["0", "1", "42", "0x1F", "1_000", "512"].randomElement(using: &random)
        case "decimal": ["1.5", "2e-3", "0.0", "1E+20", "3.25e2"].randomElement(using: &random)
        case "quantity":
            ["4nm", "12.5um", "0.5µm", "1e3nm", "5ms", "4GiB", "7KB", "2m"].randomElement(using: &random)
        case "unit": ["nm", "um", "µm", "mm", "m", "GB", "s"].randomElement(using: &random)
        case "parameter": "$\(Int.random(in: 1...999, using: &random))"
        default: nil
        }
    }

    private mutating func letters(_ alphabet: String, _ count: ClosedRange<Int>) -> String {
        let characters = Array(alphabet)
        let length = Int.random(in: count, using: &random)
        return String(
            (0..<length).map { _ in characters[Int.random(in: 0..<characters.count, using: &random)] })
    }

    /// A name that is no keyword, or a keyword that cannot be mistaken where names stand.
    private mutating func plainIdentifier() -> String {
        if chance(1, 4) {
            return ["x", "Y", "z", "res", "voxels", "mean", "mode", "name", "bytes", "size"].randomElement(
                using: &random) ?? "x"
        }
        while true {
            let name = letters("abcdefgXYZ_", 1...2) + letters("abcxyz_019", 1...4)
            if !keywords.contains(name.uppercased()) { return name }
        }
    }

    /// A path segment; a single one that is a keyword would be ambiguous in a few places.
    private mutating func plainName() -> String {
        while true {
            let name = letters("abcXYZ_0123e-", 2...7)
            if !keywords.contains(name.uppercased()), !name.hasPrefix("--") { return name }
        }
    }

    private func height(of node: GrammarNode) -> Int { Self.height(of: node, heights) }

    private static func height(of node: GrammarNode, _ heights: [String: Int]) -> Int {
        switch node {
        case .sequence(let nodes): nodes.map { height(of: $0, heights) }.max() ?? 0
        case .alternatives(let nodes): nodes.map { height(of: $0, heights) }.min() ?? 0
        case .optional, .repetition, .terminal, .remark: 0
        case .rule(let name): heights[name, default: 1_000_000] + 1
        }
    }

    private static func heights(of rules: [String: GrammarNode]) -> [String: Int] {
        var heights: [String: Int] = [:]
        var changed = true
        while changed {
            changed = false
            for (name, body) in rules {
                let height = height(of: body, heights)
                if height < heights[name, default: 1_000_000] {
                    heights[name] = height
                    changed = true
                }
            }
        }
        return heights
    }
}
