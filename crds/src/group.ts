/** The one API group of the product. Every kind, label and annotation stands in it. */
export const GROUP = 'processmeter.io';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

export const ANNOTATIONS = {
  /** `"true"`: the operator leaves the resource and what it owns as they are. */
  paused: `${GROUP}/paused`,
  /** Any value: a changed one makes the operator look again at once. */
  reconcileAt: `${GROUP}/reconcile-at`,
  /** `"true"` on a ProcessMeter: one sweep may delete more than `configSync.maxDeletePercent`. */
  allowMassDelete: `${GROUP}/allow-mass-delete`,
  /** On a migration Job: name of the newest migration that it runs. */
  schema: `${GROUP}/schema`,
} as const;

export const LABELS = {
  /** On everything that is owned: name of the ProcessMeter. */
  processMeter: `${GROUP}/process-meter`,
} as const;
