import BossDatabase
import BossVoxels

/// Values of literals and parameters.
extension StatementExecutor {
    /// The value of `$n`.
    ///
    /// - Throws: 07001 when it was not given.
    func parameter(_ number: Int, _ position: NodePosition) throws(DatabaseError) -> Parameter {
        guard parameters.indices.contains(number - 1) else {
            throw DatabaseError(
                "07001", "parameter $\(number) has no value",
                hint: "\(parameters.count) parameters were given",
                position: position.source)
        }
        return parameters[number - 1]
    }

    /// An ID or another unsigned number.
    func unsigned(_ scalar: Scalar) throws(DatabaseError) -> UInt64 {
        let position = scalar.position
        switch scalar {
        case .literal(.unsigned(let value), _): return value
        case .literal(.signed(let value), _): return try unsigned(value, position)
        case .parameter(let number, _):
            switch try parameter(number, position) {
            case .unsigned(let value): return value
            case .integer(let value): return try unsigned(value, position)
            default: throw Self.mismatch("an unsigned integer", position)
            }
        default: throw Self.mismatch("an unsigned integer", position)
        }
    }

    private func unsigned(_ value: Int64, _ position: NodePosition) throws(DatabaseError) -> UInt64 {
        guard let unsigned = UInt64(exactly: value) else {
            throw DatabaseError(
                "22003", "\(value) is below zero", hint: "0 to \(UInt64.max) are allowed here",
                position: position.source)
        }
        return unsigned
    }

    /// A signed number that fits `Int`.
    func integer(_ scalar: Scalar) throws(DatabaseError) -> Int {
        let position = scalar.position
        switch scalar {
        case .literal(.signed(let value), _): return Int(value)
        case .literal(.unsigned(let value), _): return try integer(value, position)
        case .parameter(let number, _): return try integer(parameter(number, position), position)
        default: throw Self.mismatch("an integer", position)
        }
    }

    func integer(_ parameter: Parameter, _ position: NodePosition) throws(DatabaseError) -> Int {
        switch parameter {
        case .integer(let value): return Int(value)
        case .unsigned(let value): return try integer(value, position)
        default: throw Self.mismatch("an integer", position)
        }
    }

    private func integer(_ value: UInt64, _ position: NodePosition) throws(DatabaseError) -> Int {
        guard let integer = Int(exactly: value) else {
            throw DatabaseError(
                "22003", "\(value) is out of range", hint: "the largest value here is \(Int.max)",
                position: position.source)
        }
        return integer
    }

    /// A number of any kind.
    ///
    /// - Throws: 22023 for NaN and infinities.
    func number(_ scalar: Scalar) throws(DatabaseError) -> Double {
        let position = scalar.position
        let value: Double
        switch scalar {
        case .literal(.signed(let integer), _): value = Double(integer)
        case .literal(.unsigned(let integer), _): value = Double(integer)
        case .literal(.float(let float), _): value = float
        case .parameter(let number, _):
            switch try parameter(number, position) {
            case .integer(let integer): value = Double(integer)
            case .unsigned(let integer): value = Double(integer)
            case .float(let float): value = float
            default: throw Self.mismatch("a number", position)
            }
        default: throw Self.mismatch("a number", position)
        }
        guard value.isFinite else {
            throw DatabaseError("22023", "\(value) is not a finite number", position: position.source)
        }
        return value
    }

    /// The bits of a voxel value.
    ///
    /// - Throws: 22003 when the channel's type cannot hold it.
    func voxelBits(_ scalar: Scalar, _ type: VoxelType) throws(DatabaseError) -> UInt64 {
        if !type.isInteger {
            let value = try number(scalar)
            return type == .float32 ? UInt64(Float(value).bitPattern) : value.bitPattern
        }
        let width = type.byteCount * 8
        if type.isUnsigned {
            let value = try unsigned(scalar)
            guard width == 64 || value >> UInt64(width) == 0 else {
                throw DatabaseError(
                    "22003", "\(value) does not fit \(type.rawValue)",
                    hint: "it holds 0 to \(UInt64.max >> UInt64(64 - width))",
                    position: scalar.position.source)
            }
            return value
        }
        let value = try integer(scalar)
        guard width == 64 || (-(1 << (width - 1))..<1 << (width - 1)).contains(value) else {
            throw DatabaseError(
                "22003", "\(value) does not fit \(type.rawValue)",
                hint: "it holds \(Int.min >> (64 - width)) to \(Int.max >> (64 - width))",
                position: scalar.position.source)
        }
        return UInt64(bitPattern: Int64(value)) & (width == 64 ? .max : (1 << UInt64(width)) - 1)
    }

    static func mismatch(_ expected: String, _ position: NodePosition) -> DatabaseError {
        DatabaseError("42804", "\(expected) was expected here", position: position.source)
    }
}
