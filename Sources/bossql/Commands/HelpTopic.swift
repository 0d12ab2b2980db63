/// A built-in explanation of a statement or an idea of the language, for `.help WORD`.
struct HelpTopic {
    let name: String
    let text: String
    let example: String

    private init(_ name: String, _ text: String, _ example: String) {
        self.name = name
        self.text = text
        self.example = example
    }

    /// What the language has and this version answers with 0A000.
    private static let later: Set<String> = [
        "SELECT TILE", "FIND POINTS", "COPY",
        "EXPORT", "GRANT", "CREATE USER", "CREATE TOKEN",
        "SHOW JOBS",
    ]

    /// Whether this version runs it.
    var isSupported: Bool { !Self.later.contains(name) }

    /// The explanation, with a warning where this version does not run it.
    var explanation: String { isSupported ? text : text + " (Not in this version.)" }

    /// The topics that a word or the beginning of a statement names.
    static func matching(_ words: String) -> [HelpTopic] {
        let wanted = words.uppercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if let exact = all.first(where: { $0.name == wanted }) { return [exact] }
        let begun = all.filter { $0.name.hasPrefix(wanted) }
        guard begun.isEmpty else { return begun }
        let inside = all.filter { $0.name.split(separator: " ").contains { $0 == wanted } }
        // Of several things the topic is named after one.
        return inside.isEmpty && wanted.hasSuffix("S") ? matching(String(wanted.dropLast())) : inside
    }

    static let all: [HelpTopic] = reading + rows + writing + model + running + ideas

    private static let reading: [HelpTopic] = [
        .init(
            "SELECT CUTOUT",
            "The voxels of a region as a volume, C-order (T,) Z, Y, X. WHERE makes voxels background, "
                + "PROJECT drops axes.",
            "SELECT CUTOUT FROM lab/mri/t1 RES 0 X 0:512 Y 0:512 Z 0:16;"),
        .init(
            "SELECT SLICE",
            "A plane of voxels: the axis given as one value is dropped.",
            "SELECT SLICE FROM lab/mri/t1 Z 7 X 0:512 Y 0:512;"),
        .init(
            "SELECT IMAGE",
            "A plane as an encoded picture; labels get one colour per ID.",
            "SELECT IMAGE FROM lab/mri/seg Z 7 FORMAT PNG INTO FILE 'z7.png';"),
        .init(
            "SELECT TILE",
            "One square of a pyramid of pictures, by column, row and slice.",
            "SELECT TILE FROM lab/mri/t1 PLANE XY SIZE 512 AT (0, 0, 7) RES 2;"),
        .init(
            "SELECT MESH",
            "The surface of an object in nanometers: a mesh that was put in and is not older than the labels, else one "
                + "made from them. FORMAT OBJ, PLY or PRECOMPUTED.",
            "SELECT MESH FROM lab/mri/seg RES 2 OF ID 42 INTO FILE '42.ply';"),
        .init(
            "PUT MESH",
            "Keeps a mesh of an object, from a file OBJ, PLY or PRECOMPUTED in nanometers.",
            "PUT MESH INTO lab/mri/seg OF ID 42 FROM FILE '42.ply';"),
        .init(
            "DOWNSAMPLE",
            "Builds the coarser resolution levels: means of images, the most frequent ID of annotations.",
            "DOWNSAMPLE lab/mri/t1;"),
    ]

    private static let rows: [HelpTopic] = [
        .init(
            "SELECT",
            "Rows out of a table function of a channel (IDS, OBJECTS, STATS, HISTOGRAM, VOXELS, RUNS, SAMPLE, CONTACTS, "
                + "OVERLAP, PAGES, LEVELS, METADATA, DIFF, HISTORY), or out of a system view such as sys.commits.",
            "SELECT id, voxels FROM IDS(lab/mri/seg Z 0:16) ORDER BY voxels DESC LIMIT 10;"),
        .init(
            "FIND IDS",
            "The IDs in a region, ascending, without background.",
            "FIND IDS IN lab/mri/seg X 0:512 Y 0:512 Z 0:16;"),
        .init(
            "FIND ID",
            "The ID at one voxel; background gives 0.",
            "FIND ID AT (900, 900, 40) IN lab/mri/seg;"),
        .init(
            "FIND POINTS",
            "The points of a layer in a region.",
            "FIND POINTS IN lab/mri/syn Z 0:16;"),
        .init(
            "BBOX",
            "The bounding box of IDs, half-open, exact (TIGHT) or rounded to pages (LOOSE).",
            "BBOX OF ID 42, 43 IN lab/mri/seg;"),
        .init(
            "COUNT VOXELS",
            "How many voxels of a region meet a condition.",
            "COUNT VOXELS IN lab/mri/seg Z 0:16 WHERE ID = 42;"),
        .init(
            "STATS",
            "Count, min, max, sum, mean and standard deviation, in all or BY ID, Z, T or PAGE.",
            "STATS OF lab/mri/t1 Z 0:16 BY Z;"),
        .init(
            "HISTOGRAM",
            "How many voxels fall into each bin of values.",
            "HISTOGRAM OF lab/mri/t1 Z 7 BINS 16 RANGE 0, 256;"),
        .init(
            "SHOW",
            "COLLECTIONS, EXPERIMENTS, CHANNELS, FRAMES, LEVELS, METADATA, SNAPSHOTS, HISTORY OF path, COMMITS, "
                + "STORAGE, SETTINGS, KEYWORDS, CREATE path.",
            "SHOW CHANNELS IN lab/mri;"),
        .init(
            "DESCRIBE",
            "The properties of a collection, experiment or channel, or what a statement would return.",
            "DESCRIBE lab/mri/t1;"),
    ]

    private static let writing: [HelpTopic] = [
        .init(
            "INSERT CUTOUT",
            "Writes a volume from a parameter, a file or a query. MODE OVERWRITE, NONZERO, PRESERVE "
                + "or STRICT.",
            "INSERT CUTOUT INTO lab/mri/t1 X 0:64 Y 0:64 Z 0:16 FROM FILE 'block.npy';"),
        .init(
            "DELETE CUTOUT",
            "Makes voxels background.",
            "DELETE CUTOUT FROM lab/mri/seg Z 0:16;"),
        .init(
            "UPDATE CUTOUT",
            "Gives voxels another value.",
            "UPDATE CUTOUT lab/mri/seg SET ID = 9 WHERE ID IN (17, 23);"),
        .init(
            "COPY",
            "Copies voxels to another channel or place.",
            "COPY lab/mri/t1 X 0:512 Y 0:512 Z 0:16 TO lab/mri/t2 AT (0,0,0);"),
        .init(
            "RESERVE",
            "A range of IDs that nobody else gets.",
            "RESERVE 1000 IDS IN lab/mri/seg;"),
        .init(
            "MERGE IDS",
            "Makes several IDs one.",
            "MERGE IDS 17, 23 INTO 9 IN lab/mri/seg;"),
        .init(
            "SPLIT ID",
            "Gives part of an object another ID.",
            "SPLIT ID 9 IN lab/mri/seg Z 0:40 INTO 77;"),
        .init(
            "IMPORT",
            "Reads image or volume files into a channel.",
            "IMPORT INTO lab/mri/t1 FROM 'slices/*.tif' FORMAT TIFF;"),
        .init(
            "EXPORT",
            "Writes a channel or a region to files.",
            "EXPORT lab/mri/t1 RES 1 Z 0:64 TO 'out/t1' FORMAT NPY;"),
    ]

    private static let model: [HelpTopic] = [
        .init(
            "CREATE COLLECTION",
            "The outermost name, for a laboratory or a project.",
            "CREATE COLLECTION lab DESCRIPTION 'mouse brains';"),
        .init(
            "CREATE FRAME",
            "A coordinate frame: extent in voxels and voxel size.",
            "CREATE FRAME f1 X 0:4096 Y 0:4096 Z 0:512 VOXEL 4nm, 4nm, 40nm;"),
        .init(
            "CREATE EXPERIMENT",
            "Channels that share a frame and resolution levels.",
            "CREATE EXPERIMENT lab/mri FRAME f1 LEVELS 4;"),
        .init(
            "CREATE CHANNEL",
            "An image or an annotation (labels) of one data type.",
            "CREATE CHANNEL lab/mri/seg TYPE ANNOTATION DATATYPE UINT64;"),
        .init(
            "ALTER",
            "Changes a description or another option, or renames.",
            "ALTER COLLECTION lab SET DESCRIPTION 'all mice';"),
        .init(
            "DROP",
            "Removes; CASCADE also what lies below.",
            "DROP EXPERIMENT lab/mri CASCADE;"),
        .init(
            "SET METADATA",
            "Keys and values on a collection, experiment or channel.",
            "SET METADATA ON lab/mri/t1 'scanner' = '7T';"),
        .init(
            "UNSET METADATA",
            "Removes a key.",
            "UNSET METADATA ON lab/mri/t1 'scanner';"),
        .init(
            "USE",
            "Leading names that paths may then leave out.",
            "USE lab/mri;"),
        .init(
            "CREATE SNAPSHOT",
            "A name for the present state of an experiment, or of an older one: lab/mri@#12. It stays readable "
                + "until DROP SNAPSHOT.",
            "CREATE SNAPSHOT release1 OF lab/mri MESSAGE 'first proofreading';"),
        .init(
            "SHOW SNAPSHOTS",
            "The names that an experiment's states have; DROP SNAPSHOT forgets one.",
            "SHOW SNAPSHOTS IN lab/mri;"),
        .init(
            "SHOW HISTORY",
            "The commits that changed a channel, an experiment or a collection, newest first.",
            "SHOW HISTORY OF lab/mri/seg;"),
        .init(
            "DIFF",
            "What two versions of a channel show differently, a row a cuboid.",
            "SELECT * FROM DIFF(lab/mri/seg FROM release1 TO main BY PAGE);"),
        .init(
            "RESTORE",
            "Writes old voxels back as a new commit, in a region or everywhere.",
            "RESTORE lab/mri/seg TO @release1;"),
        .init(
            "GRANT",
            "Gives a right to a user, a group or PUBLIC; REVOKE takes it.",
            "GRANT READ, READ DATA ON lab/mri/t1 TO GROUP team;"),
        .init(
            "CREATE USER",
            "Someone who signs in at a server.",
            "CREATE USER ann PASSWORD 'secret';"),
        .init(
            "CREATE TOKEN",
            "A key for programs; it is shown once.",
            "CREATE TOKEN 'laptop' ONLY READ DATA ON lab;"),
    ]

    private static let running: [HelpTopic] = [
        .init(
            "BEGIN",
            "Statements until COMMIT or ROLLBACK take effect together; they read one snapshot.",
            "BEGIN; DELETE CUTOUT FROM lab/mri/seg Z 0:4; COMMIT;"),
        .init(
            "COMMIT",
            "Ends a transaction and keeps what it did. MESSAGE says why, for SHOW HISTORY.",
            "COMMIT MESSAGE 'merged the two halves';"),
        .init(
            "ROLLBACK",
            "Ends a transaction and undoes it. ROLLBACK TO name undoes what came after a savepoint, also after an "
                + "error.",
            "ROLLBACK;"),
        .init(
            "SAVEPOINT",
            "A place in a transaction to go back to with ROLLBACK TO; RELEASE forgets it.",
            "BEGIN; SAVEPOINT a; DELETE CUTOUT FROM lab/mri/seg Z 0:4; ROLLBACK TO a; COMMIT;"),
        .init(
            "EXPLAIN",
            "The plan of a statement; ANALYZE runs it and counts.",
            "EXPLAIN ANALYZE SELECT CUTOUT FROM lab/mri/t1 Z 0:16;"),
        .init(
            "SET",
            "A setting of this session, or history_retention of the database; RESET gives the default back.",
            "SET max_result_bytes = 4294967296;"),
        .init(
            "PREPARE",
            "Names a statement with parameters; EXECUTE runs it, DEALLOCATE forgets it.",
            "PREPARE c AS SELECT CUTOUT FROM lab/mri/t1 X $1:$2; EXECUTE c (0, 64);"),
        .init(
            "CHECK",
            "Verifies stored pages; no rows if all is sound.",
            "CHECK lab/mri/seg;"),
        .init(
            "COMPACT",
            "Writes segment files again until nothing in them is dead; the database does most of this by itself.",
            "COMPACT lab/mri/t1;"),
        .init(
            "SHOW STORAGE",
            "Where the bytes of the database are, and whether compaction keeps up.",
            "SHOW STORAGE;"),
        .init(
            "CHECKPOINT",
            "Flushes what is in memory.",
            "CHECKPOINT;"),
        .init(
            "BACKUP",
            "A copy of the database in a folder.",
            "BACKUP TO 'monday.bossdb';"),
        .init(
            "SHOW JOBS",
            "Work that runs in the background; WAIT FOR JOB, CANCEL JOB.",
            "CANCEL JOB 7;"),
    ]

    private static let ideas: [HelpTopic] = [
        .init(
            "REGION",
            "RES n, X lo:hi (half-open), X n, X *, BOX (..) TO (..), AROUND (..) SIZE n, OF ID n PAD "
                + "k, OUTSIDE ERROR|CLIP|FILL n, in any order.",
            "SELECT CUTOUT FROM lab/mri/t1 AROUND (900,900,40) SIZE 64,64,16;"),
        .init(
            "PATH",
            "collection/experiment/channel; names that are not letters, digits, _ and - stand in quotes.",
            "SELECT CUTOUT FROM lab/mri/\"t1 raw\" Z 0:4;"),
        .init(
            "VERSION",
            "path@name reads a snapshot, path@#12 the state after a commit, path@'2026-03-01T12:00:00Z' that of a "
                + "time. Voxels are kept for as long as history_retention says, in snapshots until they are dropped.",
            "SELECT CUTOUT FROM lab/mri/seg@release1 Z 0:4;"),
        .init(
            "TRANSACTION",
            "What stands between BEGIN and COMMIT takes effect together, or not at all after ROLLBACK. A COMMIT fails with "
                + "40001 if another writer changed the same cuboids meanwhile. SAVEPOINT marks places to go back to; BEGIN "
                + "READ ONLY reads one state throughout.",
            "BEGIN; DELETE CUTOUT FROM lab/mri/seg Z 0:4; COMMIT;"),
        .init(
            "RETENTION",
            "history_retention says how long older states of the voxels stay readable, for the whole database; snapshots "
                + "stay until they are dropped.",
            "SET history_retention = '30d';"),
        .init(
            "PARAMETERS",
            "$1, $2 ... stand for values; set them with .param set 1 VALUE.",
            "FIND IDS IN lab/mri/seg OF ID $1;"),
    ]
}
