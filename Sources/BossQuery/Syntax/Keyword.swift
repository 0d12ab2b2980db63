/// A word of the language. Grammar/keywords.txt lists the same words; a test compares them.
///
/// A word is only looked for where the grammar can have it; elsewhere it is an ordinary name. The few
/// `isReserved` words cannot be plain names in expressions.
enum Keyword: String, CaseIterable, Hashable, Sendable {
    case abort, add, admin, all, along, alpha, alter, analyze, and, anisotropic, annotation, api, around,
        `as`, asc, assign, async, at, auto
    case background, backup, bake, base, bbox, begin, between, bins, blosc, boolean, box, branch, branches,
        by, bytes
    case cache, cancel, cascade, `case`, cast, channel, channels, check, checkpoint, clamp, cleave, clip,
        codec, collection, collections, color, commit, commits, compact, complete, compute, conflict,
        connections, contacts, coords, copy, count, create, cuboid, cuboids, cutout
    case data, database, datatype, day, deallocate, `default`, delete, desc, describe, description, diff,
        dirty,
        distinct, downsample, drop
    case egress, `else`, end, error, evict, execute, exists, experiment, experiments, expires, explain,
        export
    case `false`, file, fill, find, first, float32, float64, `for`, format, frame, frames, from, full,
        functions
    case grant, grants, gray, group, groups
    case hash, having, hierarchy, histogram, history, hour
    case id, ids, `if`, image, `import`, `in`, incremental, ingest, ingress, inner, insert, inside, int16,
        int32, int64, int8, interpolate, into, `is`, iso, isotropic
    case job, jobs, join, json
    case keep, keywords
    case label, last, left, level, levels, like, limit, limits, linear, locks, log, loose, lz4
    case manager, mapping, max, mean, members, merge, mesh, message, metadata, method, min, mode, month
    case name, nearest, none, nonzero, not, null, nulls
    case objects, of, offset, on, only, or, order, origin, ours, outside, over, overlap, overwrite
    case pad, page, pages, password, pause, per, plane, points, prepare, preserve, project, `public`, put
    case quality, query, quick
    case range, read, relabel, related, release, remove, rename, res, resample, reserve, reset, resource,
        restore,
        resume, revoke, roi, rois, role, rollback, runs
    case sample, savepoint, scale, segments, select, set, settings, show, size, slice, snapshot, snapshots,
        sources, split, stats, stddev, step, storage, strict, stride, sum, supervoxels, system
    case t, task, tasks, text, theirs, then, tight, tile, time, timeout, timestamp, to, token, tokens,
        `true`, type
    case u, uint16, uint32, uint64, uint8, unassign, units, unset, update, usage, use, user, users, using
    case v, value, values, valueAt = "value_at", voxel, voxels
    case wait, warm, week, when, `where`, window, within, workers, write, writes
    case x, xy, xz
    case y, year, yz
    case z, zstd

    /// The spelling in documents and messages.
    var text: String { rawValue.uppercased() }

    /// Whether a plain name in an expression cannot be this word. ID and VALUE stand for the voxel there.
    var isReserved: Bool { Self.reservedWords.contains(self) }

    /// Whether a reserved word is also the name of a column, in the rows of HISTORY and `sys.commits`.
    var namesColumn: Bool { self == .by }

    /// The keyword that a plain word spells in any case, or nil.
    init?(word: String) {
        guard let keyword = Self.bySpelling[word.lowercased()] else { return nil }
        self = keyword
    }

    private static let bySpelling = Dictionary(uniqueKeysWithValues: Self.allCases.map { ($0.rawValue, $0) })

    private static let reservedWords: Set<Keyword> = [
        .all, .and, .as, .between, .by, .case, .cast, .clamp, .else, .end, .exists, .false, .from,
        .group, .having, .id, .in, .is, .join, .left, .like, .limit, .not, .null, .offset, .on, .or,
        .order, .select, .then, .true, .value, .when, .where,
    ]
}

/// The words of the language, for completion and `SHOW KEYWORDS`.
package enum Keywords {
    /// Every word, in capitals, sorted.
    package static let all: [String] = Keyword.allCases.map(\.text).sorted()

    /// The words that need quotes to be a name in an expression, in capitals, sorted.
    package static let reserved: [String] = Keyword.allCases.filter(\.isReserved).map(\.text).sorted()
}
