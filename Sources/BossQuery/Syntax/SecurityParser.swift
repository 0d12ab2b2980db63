import BossDatabase

/// Users, groups, rights, tokens and limits: checked, and kept as text.
extension Parser {
    /// What follows CREATE USER and ALTER USER.
    mutating func password(_ feature: String, from start: TextMark) throws(DatabaseError) -> Statement {
        _ = try name("a user")
        try expect(.password)
        if case .parameter = token.kind { _ = try parameter() } else { _ = try text("a password") }
        return unsupported(feature, from: start)
    }

    mutating func addUser() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.add, .user)
        _ = try name("a user")
        try expect(.to, .group)
        _ = try name("a group")
        return unsupported("ADD USER", from: start)
    }

    mutating func removeUser() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.remove, .user)
        _ = try name("a user")
        try expect(.from, .group)
        _ = try name("a group")
        return unsupported("REMOVE USER", from: start)
    }

    mutating func grant() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.grant)
        try roleOrRights()
        try expect(.to)
        try grantee()
        return unsupported("GRANT", from: start)
    }

    mutating func revoke() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.revoke)
        if accept(.token) {
            _ = try text("the name of a token")
            return unsupported("REVOKE TOKEN", from: start)
        }
        try roleOrRights()
        try expect(.from)
        try grantee()
        return unsupported("REVOKE", from: start)
    }

    private mutating func roleOrRights() throws(DatabaseError) {
        if accept(.role) {
            if accept(.admin) { return }
            if !accept(.user) { try expect(.resource) }
            try expect(.manager)
            return
        }
        try rights()
        try expect(.on)
        _ = try path()
        _ = accept(.cascade)
    }

    private mutating func rights() throws(DatabaseError) {
        repeat {
            if accept(.read) || accept(.delete) {
                _ = accept(.data)
            } else if accept(.write) {
                try expect(.data)
            } else if accept(.add) || accept(.update) || accept(.assign) || accept(.unassign) {
            } else {
                throw unexpected()
            }
        } while accept(.comma)
    }

    private mutating func grantee() throws(DatabaseError) {
        if accept(.public) { return }
        if accept(.user) {
            _ = try name("a user")
        } else {
            try expect(.group)
            _ = try name("a group")
        }
    }

    /// What follows CREATE TOKEN.
    mutating func createToken(from start: TextMark) throws(DatabaseError) -> Statement {
        _ = try text("the name of a token")
        if try accept(.for, .user) { _ = try name("a user") }
        if accept(.expires) { _ = try text("a time") }
        if accept(.only) {
            try rights()
            try expect(.on)
            _ = try path()
        }
        return unsupported("CREATE TOKEN", from: start)
    }

    /// What follows SET LIMIT.
    mutating func setLimit(from start: TextMark) throws(DatabaseError) -> Statement {
        try expect(.limit)
        guard accept(.ingress) || accept(.egress) || accept(.compute) else { throw unexpected() }
        if case .quantity = token.kind {
            advance()
        } else {
            _ = try unsigned()
            if !isNext(.per) { _ = try unit() }
        }
        try expect(.per)
        guard accept(.hour) || accept(.day) || accept(.week) || accept(.month) || accept(.year) else {
            throw unexpected()
        }
        try expect(.for)
        if accept(.user) || accept(.group) || accept(.api) {
            _ = try name("a name")
        } else {
            try expect(.system)
        }
        return unsupported("SET LIMIT", from: start)
    }
}
