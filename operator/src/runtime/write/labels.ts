/** On every object that an owner had made: the owner's uid. Pruning goes by it. */
export const OWNER_LABEL = 'processmeter.io/owner-uid';
/** Hash of what was applied last; tells without asking the server whether there is something to write. */
export const APPLIED_ANNOTATION = 'processmeter.io/applied';
/** 'true' on an object that must outlive its place in the desired state. */
export const KEEP_ANNOTATION = 'processmeter.io/keep';
