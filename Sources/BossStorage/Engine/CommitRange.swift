/// The commits that some pages are of; nil where there are none.
extension ClosedRange<UInt64>? {
    /// The range around both.
    func joined(with other: Self) -> Self {
        guard let left = self, let right = other else { return self ?? other }
        return Swift.min(left.lowerBound, right.lowerBound)...Swift.max(left.upperBound, right.upperBound)
    }
}
