/// A definition of the EBNF in Grammar/bossql.ebnf.
indirect enum GrammarNode {
    case sequence([GrammarNode])
    case alternatives([GrammarNode])
    case optional(GrammarNode)
    case repetition(GrammarNode)
    case terminal(String)
    case rule(String)
    /// Text between question marks.
    case remark(String)
}

/// Reads the notation that the head of Grammar/bossql.ebnf describes.
struct GrammarReader {
    struct Failure: Error { let message: String }

    private enum Token: Equatable {
        case name(String)
        case terminal(String)
        case remark(String)
        case symbol(Character)
    }

    private var tokens: [Token]
    private var index = 0

    static func rules(of text: String) throws -> [(name: String, body: GrammarNode)] {
        var reader = GrammarReader(tokens: try tokens(of: text))
        var rules: [(name: String, body: GrammarNode)] = []
        while reader.index < reader.tokens.count { rules.append(try reader.rule()) }
        return rules
    }

    private static func tokens(of text: String) throws -> [Token] {
        let characters = Array(text)
        var tokens: [Token] = []
        var at = 0
        func until(_ end: String) throws -> String {
            var content = ""
            let ending = Array(end)
            while at + ending.count <= characters.count {
                if Array(characters[at..<at + ending.count]) == ending {
                    at += ending.count
                    return content
                }
                content.append(characters[at])
                at += 1
            }
            throw Failure(message: "no \(end) before the end")
        }
        while at < characters.count {
            let character = characters[at]
            at += 1
            if character.isWhitespace { continue }
            if character == "(", at < characters.count, characters[at] == "*" {
                _ = try until("*)")
            } else if character == "\"" {
                tokens.append(.terminal(try until("\"")))
            } else if character == "?" {
                tokens.append(.remark(try until("?").trimmed))
            } else if character.isLetter {
                var name = String(character)
                while at < characters.count,
                    characters[at].isLetter || characters[at].isNumber || characters[at] == "-"
                {
                    name.append(characters[at])
                    at += 1
                }
                tokens.append(.name(name))
            } else if "=;|[]{}()".contains(character) {
                tokens.append(.symbol(character))
            } else {
                throw Failure(message: "\(character) has no meaning")
            }
        }
        return tokens
    }

    private mutating func accept(_ symbol: Character) -> Bool {
        guard index < tokens.count, tokens[index] == .symbol(symbol) else { return false }
        index += 1
        return true
    }

    private mutating func expect(_ symbol: Character) throws {
        if !accept(symbol) { throw Failure(message: "expected \(symbol) at token \(index)") }
    }

    private mutating func rule() throws -> (name: String, body: GrammarNode) {
        guard index < tokens.count, case .name(let name) = tokens[index] else {
            throw Failure(message: "expected a rule at token \(index)")
        }
        index += 1
        try expect("=")
        let body = try alternatives()
        try expect(";")
        return (name, body)
    }

    private mutating func alternatives() throws -> GrammarNode {
        var nodes = [try sequence()]
        while accept("|") { nodes.append(try sequence()) }
        return nodes.count == 1 ? nodes[0] : .alternatives(nodes)
    }

    private mutating func sequence() throws -> GrammarNode {
        var nodes: [GrammarNode] = []
        while index < tokens.count {
            switch tokens[index] {
            case .name(let name):
                index += 1
                nodes.append(.rule(name))
            case .terminal(let text):
                index += 1
                nodes.append(.terminal(text))
            case .remark(let text):
                index += 1
                nodes.append(.remark(text))
            case .symbol(let symbol):
                guard let closing = ["(": ")", "[": "]", "{": "}"][symbol].map(Character.init) else {
                    return nodes.count == 1 ? nodes[0] : .sequence(nodes)
                }
                index += 1
                let inner = try alternatives()
                try expect(closing)
                nodes.append(symbol == "(" ? inner : symbol == "[" ? .optional(inner) : .repetition(inner))
            }
        }
        return .sequence(nodes)
    }
}

extension GrammarNode {
    /// Every terminal below.
    var terminals: [String] {
        switch self {
        case .sequence(let nodes), .alternatives(let nodes): nodes.flatMap(\.terminals)
        case .optional(let node), .repetition(let node): node.terminals
        case .terminal(let text): [text]
        case .rule, .remark: []
        }
    }

    /// Every rule named below.
    var ruleNames: [String] {
        switch self {
        case .sequence(let nodes), .alternatives(let nodes): nodes.flatMap(\.ruleNames)
        case .optional(let node), .repetition(let node): node.ruleNames
        case .rule(let name): [name]
        case .terminal, .remark: []
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
