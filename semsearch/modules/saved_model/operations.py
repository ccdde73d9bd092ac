"""TensorFlow's operations as the scan sees them: which reach out of the graph, which do not.

Written from the list of all operations of TensorFlow 2.21. What TensorFlow itself calls stateful
and is not listed here as harmless counts as a risk, so that a new operation is not let through.
"""

from __future__ import annotations

import re

PYTHON = "it runs Python code"
READS = "it reads files"
WRITES = "it writes files"
NETWORK = "it speaks to other processes or machines"
OPAQUE = "it holds a compiled program that cannot be looked into"
CHANGES = "it changes how this process sees files"
ENDS = "it ends the process"
UNSEEN = "it reaches out of the graph in a way that nobody has looked at"
HIDES = "it takes the name of an operation of TensorFlow"
OPEN = "it leaves an attribute open, which another function fills"
OBJECT = "it holds a stored object that cannot be looked into"
CONFIGURES = "it configures TensorFlow in a way that no honest module needs"
FOREIGN = "it comes from a package that the scan does not know"

_FAMILIES = (
    (PYTHON, r".*PyFunc.*"),
    (
        NETWORK,
        r"Rpc.*|DataService.*|RegisterDataset.*|Collective.*|Remote.*|_?(Host)?(Send|Recv)"
        r"|.*Distributed.*|.*Nccl.*|WorkerHeartbeat",
    ),
    (
        WRITES,
        r"WriteFile|.*SummaryWriter|CreateSummary.*|Write.*Summary|ImportEvent|SaveDataset.*"
        r"|.*DatasetToTFRecord|DumpTensor|CalibrationStatisticsSaver|.*Snapshot.*Dataset.*",
    ),
    (
        READS,
        r"ReadFile|.*MatchingFiles.*|.*Reader(V2)?|Reader.*|.*SnapshotChunk.*|LoadDataset"
        r"|.*(TextLine|TFRecord|FixedLengthRecord|CSV|LMDB|Sql)Dataset(V2)?|ImmutableConst"
        r"|LoadAndRemapMatrix|GenerateVocabRemapping|RecordInput|Skipgram|DTensorRestoreV2",
    ),
    (
        OPAQUE,
        r"XlaCallModule|XlaCustomCall.*|_?XlaHostCompute.*|_?Xla(Compile|Run|Launch).*|TRTEngineOp"
        r"|_?TPU(Compile|Execute|Replicate).*|DatasetFromGraph|MlirPassthroughOp"
        r"|DeserializeIterator",
    ),
    (CHANGES, r"FileSystemSetConfiguration"),
    (ENDS, r"Abort"),
)
FAMILIES = tuple((reason, re.compile(pattern)) for reason, pattern in _FAMILIES)

HARMLESS = re.compile(
    # variables
    r"_?VarHandles?Op|VarIsInitializedOp|_?ReadVariables?Op|Assign(Add|Sub)?VariableOp"
    r"|VariableShape|Variable(V2)?|TemporaryVariable|DestroyResourceOp|DisableCopyOnRead"
    r"|Resource(Gather|Scatter|Apply|SparseApply|StridedSlice|CountUpTo).*"
    # tables
    r"|(Anonymous|Mutable|MutableDense|AnonymousMutable|AnonymousMutableDense)?HashTable.*"
    r"|LookupTable.*|InitializeTableV2"
    # control
    r"|_?If|_?While|Case|StatefulPartitionedCall|Assert|CheckNumerics(V2)?|DeviceIndex"
    r"|GuaranteeConst|Empty|Print|_?Arg|_?Retval|Mutex.*|ConsumeMutexLock|Timestamp"
    # chance
    r"|Random.*|Stateful.*|.*TruncatedNormal|Multinomial|StatelessRandomGetAlg|Rng.*"
    r"|NonDeterministicInts|.*CandidateSampler|SampleDistortedBoundingBox.*|.*SeedGenerator"
    # memory
    r"|TensorArray.*|Stack.*|.*Queue(V2)?|Queue.*|(Ordered)?Map(Un)?[Ss]tage.*|(Un)?[Ss]tage.*"
    r"|(Ordered)?Map(Clear|IncompleteSize|Peek|Size)|Barrier.*|.*Accumulator.*"
    r"|(Add|AddMany|TakeMany)Sparse(To|From)TensorsMap|CudnnRNN.*|BoostedTrees.*"
    # datasets over tensors
    r"|(Experimental)?(Range|Tensor|TensorSlice|SparseTensorSlice|Random|Generator|List)Dataset.*"
    r"|Shuffle.*DatasetV\d|ReduceDataset|DatasetToSingleElement|.*GroupByReducerDataset"
    r"|.*Iterator.*|.*MemoryCache|GlobalShuffleDataset"
    # XLA without programs of its own
    r"|Xla(Sharding|Dot(V2)?|Conv(V2)?|Einsum|Gather|Scatter|Pad|Reduce|ReduceWindow|Sort|Svd"
    r"|DynamicSlice|DynamicUpdateSlice|KeyValueSort|OptimizationBarrier|SelfAdjointEig)"
    r"|QuantizedConcatV2|KthOrderStatistic"
)

SAVES = frozenset({"Save", "SaveV2", "SaveSlices", "MergeV2Checkpoints", "DistributedSave"})
RESTORES = frozenset({"Restore", "RestoreV2", "RestoreSlice"})
TABLE_FILES = frozenset({"InitializeTableFromTextFile", "InitializeTableFromTextFileV2"})
CACHES = frozenset({"CacheDataset", "CacheDatasetV2"})
PRINTS = frozenset({"PrintV2"})
STREAMS = frozenset({"", "stdout", "stderr", "log(info)", "log(warning)", "log(error)"})
DEBUGS = frozenset(
    {
        "DebugIdentity",
        "DebugIdentityV2",
        "DebugIdentityV3",
        "DebugNanCount",
        "DebugNumericSummary",
    }
)
PROTOS = frozenset({"DecodeProtoV2", "EncodeProto"})
DESCRIPTORS = ("local://", "bytes://")
SAMPLERS = frozenset({"FixedUnigramCandidateSampler"})

PACKAGES = (
    ("IO>", "tensorflow-io"),
    ("Addons>", "tensorflow-addons"),
    ("SimpleML", "tensorflow-decision-forests"),
    ("TRT", "TensorFlow built for NVIDIA TensorRT"),
)
"""Whose operation an unknown one is likely to be, by how its name begins."""

TEXT_PREFIX = "TFText>"
TEXT_OPERATIONS = frozenset(
    name
    for line in (
        "CaseFoldUTF8 ConstrainedSequence FastBertNormalize FastWordpieceTokenizeWithOffsets",
        "FindSourceOffsets MaxSpanningTree NormalizeUTF8 NormalizeUTF8WithOffsetsMap",
        "PhraseTokenize RegexSplitWithOffsets RougeL SentenceFragments SentenceFragmentsV2",
        "SentencepieceDetokenizeOp SentencepieceIdToStringOp SentencepieceOp",
        "SentencepieceStringToIdOp SentencepieceTokenizeOp SentencepieceTokenizeWithOffsetsOp",
        "SentencepieceVocabSizeOp SplitMergeTokenizeWithOffsets TokenizerFromLogits",
        "UnicodeScriptTokenizeWithOffsets WhitespaceTokenizeWithOffsets",
        "WordpieceTokenizeWithOffsets",
    )
    for name in line.split()
)


def is_text_operation(op: str) -> bool:
    """Tell whether the package tensorflow-text brings an operation; none of its reaches out."""
    return op in TEXT_OPERATIONS or op.startswith(TEXT_PREFIX)
