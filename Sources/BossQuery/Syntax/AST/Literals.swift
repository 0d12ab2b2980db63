/// The units that may follow a number without a space. The raw value is the spelling, whose case counts.
package enum MeasurementUnit: String, CaseIterable, Hashable, Sendable {
    case nanometers = "nm"
    case micrometers = "um"
    case millimeters = "mm"
    case centimeters = "cm"
    case meters = "m"
    case nanoseconds = "ns"
    case microseconds = "us"
    case milliseconds = "ms"
    case seconds = "s"
    case kilobytes = "KB"
    case megabytes = "MB"
    case gigabytes = "GB"
    case terabytes = "TB"
    case kibibytes = "KiB"
    case mebibytes = "MiB"
    case gibibytes = "GiB"
    case tebibytes = "TiB"

    /// What a unit measures.
    package enum Dimension: Hashable, Sendable { case length, time, byteCount }

    package var dimension: Dimension {
        switch self {
        case .nanometers, .micrometers, .millimeters, .centimeters, .meters: .length
        case .nanoseconds, .microseconds, .milliseconds, .seconds: .time
        case .kilobytes, .megabytes, .gigabytes, .terabytes, .kibibytes, .mebibytes, .gibibytes, .tebibytes:
            .byteCount
        }
    }

    /// The unit in nanometers, nanoseconds or bytes.
    package var scale: Double {
        switch self {
        case .nanometers, .nanoseconds: 1
        case .micrometers, .microseconds, .kilobytes: 1e3
        case .millimeters, .milliseconds, .megabytes: 1e6
        case .centimeters: 1e7
        case .meters, .seconds, .gigabytes: 1e9
        case .terabytes: 1e12
        case .kibibytes: 1024
        case .mebibytes: 1_048_576
        case .gibibytes: 1_073_741_824
        case .tebibytes: 1_099_511_627_776
        }
    }
}

/// A number with a unit, such as `12.5um`.
package struct Quantity: Hashable, Sendable {
    /// Finite; negative only where a minus sign may be part of the number.
    package let value: Double
    package let unit: MeasurementUnit

    package init(value: Double, unit: MeasurementUnit) {
        self.value = value
        self.unit = unit
    }

    /// The quantity in nanometers, nanoseconds or bytes.
    package var baseValue: Double { value * unit.scale }
}

/// A constant.
package enum Literal: Hashable, Sendable {
    case null
    case boolean(Bool)
    /// An integer without a sign, 0 to 2^64 - 1.
    case unsigned(UInt64)
    /// An integer below zero; only where a minus sign is part of the number. In expressions it is an operator.
    case signed(Int64)
    /// A decimal, finite; it has a sign only where `signed` may stand.
    case float(Double)
    case text(String)
    case bytes([UInt8])
    case quantity(Quantity)
}

/// A constant or a parameter, where an expression may not stand.
package enum Scalar: Hashable, Sendable {
    case literal(Literal, NodePosition)
    /// `$1` to `$999`.
    case parameter(Int, NodePosition)

    package var position: NodePosition {
        switch self {
        case .literal(_, let position), .parameter(_, let position): position
        }
    }
}

/// The words for types, as they stand after DATATYPE and in CAST.
package enum TypeName: String, CaseIterable, Hashable, Sendable {
    case boolean = "BOOLEAN"
    case int8 = "INT8"
    case int16 = "INT16"
    case int32 = "INT32"
    case int64 = "INT64"
    case uint8 = "UINT8"
    case uint16 = "UINT16"
    case uint32 = "UINT32"
    case uint64 = "UINT64"
    case float32 = "FLOAT32"
    case float64 = "FLOAT64"
    case text = "TEXT"
    case bytes = "BYTES"
    case json = "JSON"
    case timestamp = "TIMESTAMP"
}
