/** Fixed for ever: fields of another name are never let go. */
export const FIELD_MANAGER = 'process-meter-operator';
