import type { ApplicationSettings } from '@process-meter/contract';

export const RULE_FIELDS = ['executable', 'path', 'windowClass', 'publisher', 'package'] as const;
export type RuleField = (typeof RULE_FIELDS)[number];
export type RuleForm = Partial<Record<RuleField, string>>;

/** The form of an application as typed: texts, in the units a person uses. */
export interface ApplicationForm {
  name: string;
  rules: RuleForm[];
  inactiveSeconds: string;
  timeoutMinutes: string;
  countBusyAsActive: boolean;
  busyPercent: string;
  titlePrivacy: string;
  pathPrivacy: string;
}
export type FieldErrors = Partial<
  Record<'name' | 'rules' | 'inactiveSeconds' | 'timeoutMinutes' | 'busyPercent', string>
>;

/** The form of a new application, filled with the defaults. */
export function emptyForm(): ApplicationForm {
  return {
    name: '',
    rules: [{}],
    inactiveSeconds: '60',
    timeoutMinutes: '15',
    countBusyAsActive: false,
    busyPercent: '40',
    titlePrivacy: 'keep',
    pathPrivacy: 'baseName',
  };
}

/** The form of settings that are stored. */
export function formOf(settings: ApplicationSettings): ApplicationForm {
  const plain = (value: number): string => String(Math.round(value * 1000) / 1000);
  return {
    name: settings.name,
    rules: settings.rules.map((rule) => {
      const form: RuleForm = {};
      for (const field of RULE_FIELDS) {
        const value = rule[field];
        if (value !== undefined) form[field] = value;
      }
      return form;
    }),
    inactiveSeconds: plain(settings.inactiveAfterMs / 1000),
    timeoutMinutes: plain(settings.timeoutAfterMs / 60_000),
    countBusyAsActive: settings.countBusyAsActive,
    busyPercent: plain(settings.busyCpuShare * 100),
    titlePrivacy: settings.titlePrivacy,
    pathPrivacy: settings.pathPrivacy,
  };
}
