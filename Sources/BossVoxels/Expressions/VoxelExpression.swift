package import BossGeometry

/// What an expression over the voxels of one place gives: typed, so that it can be compiled.
///
/// Integers are INT64, or UINT64 where that is their type; numbers with a fraction are FLOAT64. Narrower types only bound
/// the values. `site` says which operation of the statement failed; it means something to the caller alone.
package indirect enum VoxelExpression: Sendable {
    /// The voxel of an array of this type.
    case voxel(source: Int, VoxelType)
    /// Whether the byte of an array is 1.
    case mask(source: Int)
    /// A coordinate of the voxel.
    case coordinate(Axis)
    case number(VoxelNumber)
    case truth(Bool)
    /// - Precondition: two numbers.
    case arithmetic(VoxelArithmetic, VoxelExpression, VoxelExpression, site: Int)
    case absolute(VoxelExpression, site: Int)
    /// - Precondition: two numbers.
    case comparison(VoxelOrder, VoxelExpression, VoxelExpression)
    case and(VoxelExpression, VoxelExpression)
    case or(VoxelExpression, VoxelExpression)
    case not(VoxelExpression)
    /// - Precondition: a condition, and two of the same type.
    case choice(VoxelExpression, then: VoxelExpression, otherwise: VoxelExpression)
    /// A number or a condition as a number of a type; the nearest number of the type if it saturates.
    case conversion(VoxelExpression, to: VoxelType, isSaturating: Bool, site: Int)
    /// From black to white as UINT8 0 to 255.
    case window(VoxelExpression, black: Double, white: Double)
}

/// A constant in an expression.
package enum VoxelNumber: Hashable, Sendable {
    case signed(Int64)
    case unsigned(UInt64)
    case float(Double)
}

/// Operations on two numbers.
package enum VoxelArithmetic: Sendable {
    case add, subtract, multiply
    /// Always FLOAT64.
    case divide
    /// Towards zero.
    case divideWhole
    /// With the sign of the dividend.
    case remainder
    case least, greatest
}

/// Comparisons by value. With NaN only `notEqual` holds.
package enum VoxelOrder: Sendable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
}

/// The type of an expression.
package enum VoxelExpressionType: Hashable, Sendable {
    /// As voxels UINT8, 0 or 1.
    case boolean
    case number(VoxelType)

    /// The type of voxels that hold it.
    package var voxelType: VoxelType {
        switch self {
        case .boolean: .uint8
        case .number(let type): type
        }
    }
}

extension VoxelExpression {
    package var type: VoxelExpressionType {
        switch self {
        case .voxel(_, let type): .number(type)
        case .coordinate: .number(.int64)
        case .number(.signed): .number(.int64)
        case .number(.unsigned): .number(.uint64)
        case .number(.float): .number(.float64)
        case .mask, .truth, .comparison, .and, .or, .not: .boolean
        case .arithmetic(.divide, _, _, _): .number(.float64)
        case .arithmetic(.least, let left, _, _), .arithmetic(.greatest, let left, _, _): left.type
        case .arithmetic(_, let left, let right, _):
            .number(Self.arithmeticType([left.type.voxelType, right.type.voxelType]))
        case .absolute(let inner, _): .number(Self.arithmeticType([inner.type.voxelType]))
        case .choice(_, let then, _): then.type
        case .conversion(_, let type, _, _): .number(type)
        case .window: .number(.uint8)
        }
    }

    private static func arithmeticType(_ operands: [VoxelType]) -> VoxelType {
        if operands.contains(where: { !$0.isInteger }) { return .float64 }
        return operands.contains(.uint64) ? .uint64 : .int64
    }

    /// Whether it is the same in all voxels.
    package var isConstant: Bool {
        switch self {
        case .voxel, .mask, .coordinate: false
        case .number, .truth: true
        case .arithmetic(_, let left, let right, _), .comparison(_, let left, let right),
            .and(let left, let right), .or(let left, let right):
            left.isConstant && right.isConstant
        case .absolute(let inner, _), .not(let inner), .conversion(let inner, _, _, _),
            .window(let inner, _, _):
            inner.isConstant
        case .choice(let condition, let then, let otherwise):
            condition.isConstant && then.isConstant && otherwise.isConstant
        }
    }
}

/// Why an expression has no value in a voxel.
package struct VoxelExpressionFailure: Error, Hashable {
    package enum Reason: Hashable, Sendable {
        case divisionByZero
        /// The result is no number of the type.
        case outOfRange(VoxelType)
    }

    package let reason: Reason
    /// The operation.
    package let site: Int
    /// The voxel, counted from the first of the arrays.
    package let index: Int

    package init(reason: Reason, site: Int, index: Int) {
        (self.reason, self.site, self.index) = (reason, site, index)
    }
}
