import { z } from 'zod';
import { reference } from '../schema/fields.ts';
import type { ConditionMeaning } from '../schema/kind.ts';
import { text } from '../schema/fields.ts';

/** Fields that every licensing kind begins with. */
export const licensingFields = {
  processMeterRef: reference(
    'The ProcessMeter it is for; the only one of the namespace when empty.',
  ).optional(),
};

export const displayName = text(120, 'Name that people read.');

/** Words are those of the directory; the Manager matches them without case. */
export const subject = z.object({
  kind: z.enum(['User', 'Group', 'Department', 'Computer']).describe('What the name is the name of.'),
  name: text(200, 'Name of the user, group, department or computer.'),
});

export const LICENSING_CONDITIONS: readonly ConditionMeaning[] = [
  {
    type: 'Synced',
    meaning: 'The Manager holds this generation.',
  },
];

export const REFERENCES_RESOLVED: ConditionMeaning = {
  type: 'ReferencesResolved',
  meaning: 'Everything it names is there.',
};
