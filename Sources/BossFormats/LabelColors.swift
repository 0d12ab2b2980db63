/// The colour of a label: the same ID has the same colour in every image and preview.
///
/// The hue walks by the golden ratio (Fibonacci hashing), so consecutive IDs lie far apart; brightness
/// and saturation come from other bits of the hash and stay high. Integer arithmetic only, so the
/// colours are the same on every machine.
///
/// Source: D. E. Knuth, "The Art of Computer Programming", volume 3, section 6.4.
package enum LabelColors {
    /// Red, green and blue of an ID; background (0) is black.
    package static func color(for id: UInt64) -> (r: UInt8, g: UInt8, b: UInt8) {
        guard id != 0 else { return (0, 0, 0) }
        let walk = id &* 0x9E37_79B9_7F4A_7C15
        let mixed = (walk ^ walk >> 29) &* 0xBF58_476D_1CE4_E5B9
        // Six sectors of 256 steps.
        let hue = Int(((walk >> 32) * 1536) >> 32)
        let value = 200 + Int(mixed >> 56) * 55 / 255
        let saturation = 140 + Int(mixed >> 48 & 0xFF) * 115 / 255
        let low = value * (255 - saturation) / 255
        let step = (value - low) * (hue & 0xFF) / 255
        let (rising, falling) = (UInt8(low + step), UInt8(value - step))
        let (high, base) = (UInt8(value), UInt8(low))
        switch hue >> 8 {
        case 0: return (high, rising, base)
        case 1: return (falling, high, base)
        case 2: return (base, high, rising)
        case 3: return (base, falling, high)
        case 4: return (rising, base, high)
        default: return (high, base, falling)
        }
    }

    /// The colour with opacity: background is transparent black, every label opaque.
    package static func pixel(for id: UInt64) -> (r: UInt8, g: UInt8, b: UInt8, a: UInt8) {
        let color = color(for: id)
        return (color.r, color.g, color.b, id == 0 ? 0 : 255)
    }
}
