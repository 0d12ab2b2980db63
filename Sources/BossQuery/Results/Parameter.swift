public import BossVoxels

/// A value for `$1` to `$999` of a statement.
public enum Parameter: Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    /// For IDs, exact to 2^64 - 1.
    case unsigned(UInt64)
    case float(Double)
    case text(String)
    case list([Parameter])
    /// The voxels of `VALUES $n`.
    case volume(AnyVolume)
}
