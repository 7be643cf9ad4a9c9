import { durationMs, type MonitoredApplicationSpec } from '@process-meter/crds';
import {
  applicationSettingsSchema,
  type ApplicationSettings,
  type PrivacyRule,
} from '@process-meter/contract';

const PRIVACY: Readonly<Record<MonitoredApplicationSpec['titlePrivacy'], PrivacyRule>> = {
  Keep: 'keep',
  BaseName: 'baseName',
  Hash: 'hash',
  Drop: 'drop',
};

/** The settings that a MonitoredApplication declares, in the words of the contract. */
export function settingsOf(spec: MonitoredApplicationSpec): ApplicationSettings {
  return applicationSettingsSchema.parse({
    name: spec.displayName,
    rules: spec.rules,
    inactiveAfterMs: durationMs(spec.inactiveAfter),
    timeoutAfterMs: durationMs(spec.timeoutAfter),
    countBusyAsActive: spec.countBusyAsActive,
    busyCpuShare: spec.busyCpuPercent / 100,
    titlePrivacy: PRIVACY[spec.titlePrivacy],
    pathPrivacy: PRIVACY[spec.pathPrivacy],
  });
}
