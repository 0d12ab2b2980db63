import Foundation

/// The beginning and the end of a database.
extension KillTrial {
    /// Makes a new database, killing the program meanwhile.
    func beginDatabase() throws(KillFailure) {
        if reader != nil { try endDatabase() }
        tally.databases += 1
        path = "\(options.folder)/\(tally.databases).bossdb"
        choice.lastBackup = nil
        world = KillWorld()
        let script = Self.setup(&world)
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            let program = try start()
            program.send(script)
            usleep(UInt32.random(in: 0...40_000, using: &random))
            try expectKilled(program)
            tally.recoveryKills += 1
        }
        let program = try start()
        program.send(script + Inspection.marker + "\n")
        while try !program.line().contains(Inspection.markerMark) {}
        let found = try Inspection(program, .everything, folder: options.folder, downsampled: [])
        _ = try index(of: found, in: [world], "a new database has")
        guard program.quit() == 0 else { throw KillFailure("a new database: \(program.errors)") }
        reader = KillReader(
            program: options.program, path: path, folder: options.folder, seed: random.next(), stamp: 0)
    }

    /// Statements that may be run any number of times.
    private static func setup(_ world: inout KillWorld) -> String {
        let whole = KillBox.whole
        var script = """
            CREATE COLLECTION IF NOT EXISTS \(collection);
            CREATE FRAME IF NOT EXISTS f \(whole) VOXEL 4nm, 4nm, 40nm;
            CREATE EXPERIMENT IF NOT EXISTS \(experiment) FRAME f LEVELS 2;
            SET METADATA ON \(experiment) '\(KillWorld.stampKey)' = 0;
            SET history_retention = off;

            """
        let channels = [("image", 1, "32,32,16"), ("labels", 8, "64,64,16")]
        let pair = KillWorld.pair.map { ($0, KillWorld.pairWidth, "64,64,16") }
        for (identity, (name, width, cuboid)) in (channels + pair).enumerated() {
            let channel = KillWorld.Channel(identity: identity, width: width)
            world.channels[name] = channel
            script +=
                "CREATE CHANNEL IF NOT EXISTS \(experiment)/\(name) TYPE \(width > 2 ? "ANNOTATION" : "IMAGE") "
                + "DATATYPE \(channel.typeName) CUBOID \(cuboid);\n"
        }
        world.metadata[KillWorld.stampKey] = 0
        return script
    }

    /// Lets the readers go; nothing of them, and no file that nobody needs, may stay.
    func endDatabase() throws(KillFailure) {
        guard let reader else { return }
        reader.stop()
        tally.add(reader.counts)
        self.reader = nil
        try reader.check()
        let program = try start()
        program.send("COMPACT;\nCHECKPOINT;\n" + Inspection.marker + "\n")
        while try !program.line().contains(Inspection.markerMark) {}
        let storage = try Inspection.row(Inspection.lines("SHOW STORAGE;", program).first ?? "")
        guard program.quit() == 0 else { throw KillFailure("it cannot be closed: \(program.errors)") }
        try expectNothingLeft(segments: Int(storage["segment_files"] as? String ?? "") ?? -1)
        remove(path)
        remove(options.folder + "/killed.bossdb")
        if let backup = choice.lastBackup { remove(backup) }
    }

    private func expectNothingLeft(segments: Int) throws(KillFailure) {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
        let leases = names.filter { $0.hasSuffix(".lease") }
        guard leases.isEmpty else { throw KillFailure("leases of dead readers are still there: \(leases)") }
        let files = names.filter { $0.hasSuffix(".seg") }
        // The log that is being written is no segment file yet.
        guard files.count <= segments + 1 else {
            throw KillFailure("\(segments) segment files are needed, there are \(files.count): \(files)")
        }
        let odd = names.filter { $0.contains("tmp") || $0.hasSuffix(".next") }
        guard odd.isEmpty else { throw KillFailure("left over: \(odd)") }
    }
}
