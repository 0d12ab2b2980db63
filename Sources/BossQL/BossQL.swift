// What a program that embeds the engine imports: the database, its values and the language.
@_exported public import BossCatalog
@_exported public import BossDatabase
@_exported public import BossGeometry
@_exported public import BossMeshes
@_exported public import BossQuery
@_exported public import BossVoxels
