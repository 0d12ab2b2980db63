public import BossGeometry
public import BossVoxels

/// The same operations for tasks: they run on threads of the library and cancel with their task.
extension Channel {
    /// Reads a cutout.
    ///
    /// - Throws: as the blocking form; 57014 when the task is cancelled.
    public func read(_ region: CutoutRegion, view: DatabaseView? = nil) async throws(DatabaseError)
        -> AnyVolume
    {
        try await cancellable { (control) throws(DatabaseError) in
            try self.read(region, view: view, control: control)
        }
    }

    /// Writes a box of voxels; durable and visible when it returns.
    ///
    /// - Throws: as the blocking form; 57014 when the task is cancelled, and then nothing was written.
    @discardableResult
    public func write(
        _ volume: AnyVolume, at origin: VoxelPoint, time: Int? = nil, mode: WriteMode = .overwrite,
        in transaction: Transaction? = nil
    ) async throws(DatabaseError) -> WriteSummary {
        try await cancellable { (control) throws(DatabaseError) in
            try self.write(volume, at: origin, time: time, mode: mode, in: transaction, control: control)
        }
    }

    /// Builds the coarser levels.
    @discardableResult
    public func downsample(from: Int? = nil, to: Int? = nil) async throws(DatabaseError) -> [LevelSummary] {
        try await cancellable { (control) throws(DatabaseError) in
            try self.downsample(from: from, to: to, control: control)
        }
    }

    private func cancellable<R: Sendable>(
        _ work: @escaping @Sendable (OperationControl) throws(DatabaseError) -> R
    ) async throws(DatabaseError) -> R {
        let control = OperationControl()
        let result: Result<R, DatabaseError> = await withTaskCancellationHandler {
            do throws(DatabaseError) {
                return .success(
                    try await IOThreads.shared.run { () throws(DatabaseError) in try work(control) })
            } catch {
                return .failure(error)
            }
        } onCancel: {
            control.cancellation.cancel()
        }
        return try result.get()
    }
}
