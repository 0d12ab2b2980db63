import BossStorage

/// What the operating system refused.
extension DatabaseError {
    /// `… cannot be renamed: permission denied`, with a hint.
    ///
    /// - Parameter problem: what could not be done, without the reason.
    package init(errno code: Int32, _ problem: String) {
        let failure = SystemFailure(code)
        self.init("58030", "\(problem): \(failure.words)", hint: failure.hint)
    }
}
