import { READY_COLUMNS, type Column, type ConditionMeaning } from '../schema/kind.ts';

export const PART_COLUMNS: readonly Column[] = [
  ...READY_COLUMNS,
  {
    name: 'Desired',
    type: 'integer',
    jsonPath: '.spec.replicas',
    description: 'Pods that are wanted.',
  },
  {
    name: 'Available',
    type: 'integer',
    jsonPath: '.status.readyReplicas',
    description: 'Pods that answer.',
  },
  {
    name: 'Image',
    type: 'string',
    jsonPath: '.spec.image',
    description: 'Image of the pods.',
    priority: 1,
  },
];

export const PART_CONDITIONS: readonly ConditionMeaning[] = [
  { type: 'Available', meaning: 'Enough pods answer; also while an update is on its way.' },
];
