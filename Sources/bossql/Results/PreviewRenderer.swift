/// A colour of the screen.
struct ScreenColor: Hashable {
    var red: UInt8
    var green: UInt8
    var blue: UInt8
}

/// Draws a raster with the characters and colours that a terminal has.
struct PreviewRenderer {
    /// Dark to bright, for terminals without colours.
    private static let ramp = Array(" .:-=+*#%@")

    let capabilities: TerminalCapabilities
    /// The colour of a label; background is 0.
    let labelColor: (UInt64) -> ScreenColor

    /// Whether two pixels share a character cell as the halves of `▀`.
    private var hasHalfBlocks: Bool { capabilities.colors != .none && capabilities.isUTF8 }

    /// The most pixels that fit: 64 columns, half of the terminal's lines but at least 8; a cell is
    /// two pixels high, so that pixels are about square.
    var maximumSize: (width: Int, height: Int) {
        (max(1, min(64, capabilities.columns - 1)), 2 * max(8, min(32, capabilities.rows / 2)))
    }

    /// The most pixels that a screen holds below a prompt and above the next one.
    var screenSize: (width: Int, height: Int) {
        (max(1, capabilities.columns - 1), 2 * max(8, capabilities.rows - 2))
    }

    /// Lines of text, each ended by a newline, colours reset at every line's end.
    func render(_ raster: PreviewRaster) -> String {
        var text = ""
        for top in stride(from: 0, to: raster.height, by: 2) {
            let bottom = top + 1 < raster.height ? top + 1 : nil
            text += hasHalfBlocks ? colored(raster, top, bottom) : ramped(raster, top, bottom)
            text += "\n"
        }
        return text
    }

    private func colored(_ raster: PreviewRaster, _ top: Int, _ bottom: Int?) -> String {
        var text = ""
        var foreground: String?
        var background: String?
        for x in 0..<raster.width {
            let upper = "38;" + code(color(raster, x, top))
            let lower = bottom.map { "48;" + code(color(raster, x, $0)) } ?? "49"
            let changes = [upper == foreground ? nil : upper, lower == background ? nil : lower].compactMap {
                $0
            }
            if !changes.isEmpty { text += "\u{1B}[\(changes.joined(separator: ";"))m" }
            foreground = upper
            background = lower
            text += "\u{2580}"
        }
        return text + "\u{1B}[0m"
    }

    private func color(_ raster: PreviewRaster, _ x: Int, _ y: Int) -> ScreenColor {
        switch raster.pixels {
        case .grey(let values):
            let grey = values[y * raster.width + x]
            return ScreenColor(red: grey, green: grey, blue: grey)
        case .labels(let labels):
            return labelColor(labels[y * raster.width + x])
        }
    }

    /// The part of an SGR sequence after `38;` or `48;`.
    private func code(_ color: ScreenColor) -> String {
        capabilities.colors == .trueColor
            ? "2;\(color.red);\(color.green);\(color.blue)" : "5;\(Self.paletteIndex(color))"
    }

    /// The nearest of xterm's 6 x 6 x 6 cube (16 to 231) and its 24 greys (232 to 255).
    static func paletteIndex(_ color: ScreenColor) -> Int {
        let steps = [0, 95, 135, 175, 215, 255]
        func nearest(_ value: UInt8) -> Int {
            steps.indices.min { abs(steps[$0] - Int(value)) < abs(steps[$1] - Int(value)) } ?? 0
        }
        func distance(_ red: Int, _ green: Int, _ blue: Int) -> Int {
            let difference = (red - Int(color.red), green - Int(color.green), blue - Int(color.blue))
            return difference.0 * difference.0 + difference.1 * difference.1 + difference.2 * difference.2
        }
        let (red, green, blue) = (nearest(color.red), nearest(color.green), nearest(color.blue))
        let mean = (Int(color.red) + Int(color.green) + Int(color.blue)) / 3
        let greyStep = min(23, max(0, (mean - 3) / 10))
        let grey = 8 + 10 * greyStep
        let isGreyNearer = distance(grey, grey, grey) < distance(steps[red], steps[green], steps[blue])
        return isGreyNearer ? 232 + greyStep : 16 + 36 * red + 6 * green + blue
    }

    private func ramped(_ raster: PreviewRaster, _ top: Int, _ bottom: Int?) -> String {
        var text = ""
        for x in 0..<raster.width {
            let upper = level(raster, x, top)
            switch raster.pixels {
            case .grey: text.append(Self.ramp[((bottom.map { level(raster, x, $0) } ?? upper) + upper) / 2])
            case .labels: text.append(Self.ramp[upper])
            }
        }
        while text.last == " " { text.removeLast() }
        return text
    }

    /// A step of the ramp; background is blank, a label always has the same step.
    private func level(_ raster: PreviewRaster, _ x: Int, _ y: Int) -> Int {
        switch raster.pixels {
        case .grey(let values):
            return Int(values[y * raster.width + x]) * (Self.ramp.count - 1) / 255
        case .labels(let labels):
            let label = labels[y * raster.width + x]
            guard label != 0 else { return 0 }
            let mixed = (label &* 0x9E37_79B9_7F4A_7C15) >> 40
            return 1 + Int(mixed % UInt64(Self.ramp.count - 1))
        }
    }
}
