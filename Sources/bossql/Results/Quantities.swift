/// Byte counts, times and rates for people.
enum Quantities {
    /// `512 B`, `4.0 MiB`, `1.5 GiB`.
    static func bytes(_ count: Int) -> String {
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB"]
        guard count >= 1024 else { return "\(count) B" }
        var value = Double(count) / 1024
        var unit = 0
        // 1023.96 would round up to 1024.0.
        while value >= 1023.95, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return "\(decimal(value, places: 1)) \(units[unit])"
    }

    /// `0.42 ms`, `12.3 ms`, `4.56 s`, `2 min 03 s`.
    static func time(milliseconds: Double) -> String {
        if milliseconds < 9.995 { return "\(decimal(milliseconds, places: 2)) ms" }
        if milliseconds < 999.95 { return "\(decimal(milliseconds, places: 1)) ms" }
        if milliseconds < 59_995 { return "\(decimal(milliseconds / 1000, places: 2)) s" }
        return duration(seconds: milliseconds / 1000)
    }

    /// `7 s`, `2 min 03 s`, `1 h 04 min`.
    static func duration(seconds: Double) -> String {
        guard seconds.isFinite, seconds < 3.2e9 else { return "long" }
        let whole = Int(max(0, seconds).rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(twoDigits(whole % 60)) s" }
        return "\(whole / 3600) h \(twoDigits(whole / 60 % 60)) min"
    }

    /// A number with a fixed count of decimal places, 0 to 6, rounded half away from zero.
    static func decimal(_ value: Double, places: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        let scaled = Int((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && scaled != 0 ? "-" : ""
        guard places > 0 else { return "\(sign)\(scaled)" }
        let fraction = String(scaled % scale)
        return "\(sign)\(scaled / scale)." + String(repeating: "0", count: places - fraction.count) + fraction
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
