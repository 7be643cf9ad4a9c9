import { z } from 'zod';

/** Pieces that the schemas of both charts' values are made of. Strict, except where Kubernetes says what fits. */
export const text = z.string().max(4096);
export const emptyOr = (pattern: RegExp) => z.union([z.literal(''), z.string().regex(pattern)]);

const LABEL_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const OBJECT_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

export const namespaceName = z.string().regex(LABEL_NAME);
export const objectName = z.string().regex(OBJECT_NAME);
export const objectNameOrEmpty = emptyOr(OBJECT_NAME);
export const port = z.int().min(1).max(65_535);
export const textMap = z.record(z.string(), z.string());
export const pullSecrets = z.array(z.strictObject({ name: objectName }));
/** An object of Kubernetes that is passed on: the API server says what fits. */
export const passedOn = z.looseObject({});
export const passedOnList = z.array(passedOn);

export const globalValues = z.looseObject({
  imageRegistry: emptyOr(/^[^\s/](\S*[^\s/])?$/),
  imagePullSecrets: pullSecrets,
});

const amount = z.union([z.number().min(0), z.string().regex(/^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/)]);
const amounts = z.strictObject({
  cpu: amount.optional(),
  memory: amount.optional(),
  'ephemeral-storage': amount.optional(),
});
export const resources = z.strictObject({ requests: amounts.optional(), limits: amounts.optional() });

export const tolerations = z.array(
  z.strictObject({
    key: z.string().optional(),
    operator: z.enum(['Exists', 'Equal']).optional(),
    value: z.string().optional(),
    effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
    tolerationSeconds: z.int().min(0).optional(),
  }),
);
