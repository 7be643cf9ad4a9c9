import { applicationSettingsSchema, type ApplicationSettings } from '@process-meter/contract';
import * as administration from '#lib/i18n/administration.ts';
import { RULE_FIELDS, type ApplicationForm, type FieldErrors, type RuleForm } from './form.ts';

const texts = administration.application.form;

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

function rulesOf(form: FormData): RuleForm[] {
  const rules: RuleForm[] = [];
  for (let index = 0; form.has(`rules.${String(index)}.executable`); index += 1) {
    const rule: RuleForm = {};
    for (const field of RULE_FIELDS) {
      const value = textOf(form, `rules.${String(index)}.${field}`);
      if (value !== '') rule[field] = value;
    }
    // A rule left empty was not meant.
    if (Object.keys(rule).length > 0) rules.push(rule);
  }
  return rules;
}

/** What was typed, as it was typed. */
export function readForm(form: FormData): ApplicationForm {
  return {
    name: textOf(form, 'name'),
    rules: rulesOf(form),
    inactiveSeconds: textOf(form, 'inactiveSeconds'),
    timeoutMinutes: textOf(form, 'timeoutMinutes'),
    countBusyAsActive: form.get('countBusyAsActive') === 'on',
    busyPercent: textOf(form, 'busyPercent') || '40',
    titlePrivacy: textOf(form, 'titlePrivacy'),
    pathPrivacy: textOf(form, 'pathPrivacy'),
  };
}

const MESSAGES: Record<string, readonly [field: keyof FieldErrors, text: string]> = {
  name: ['name', texts.needName],
  rules: ['rules', texts.needRule],
  inactiveAfterMs: ['inactiveSeconds', texts.outOfRange(5, 3600)],
  timeoutAfterMs: ['timeoutMinutes', texts.outOfRange(1, 1440)],
  busyCpuShare: ['busyPercent', texts.outOfRange(1, 6400)],
};

/** The settings that were typed, or what is wrong with which field: checked by the contract's own schema. */
export function parseForm(
  form: ApplicationForm,
): { ok: true; settings: ApplicationSettings } | { ok: false; errors: FieldErrors } {
  const parsed = applicationSettingsSchema.safeParse({
    name: form.name,
    rules: form.rules,
    inactiveAfterMs: Math.round(Number(form.inactiveSeconds || 'x') * 1000),
    timeoutAfterMs: Math.round(Number(form.timeoutMinutes || 'x') * 60_000),
    countBusyAsActive: form.countBusyAsActive,
    busyCpuShare: Number(form.busyPercent || 'x') / 100,
    titlePrivacy: form.titlePrivacy,
    pathPrivacy: form.pathPrivacy,
  });
  if (parsed.success) return { ok: true, settings: parsed.data };
  const errors: FieldErrors = {};
  for (const issue of parsed.error.issues) {
    const [field, text] = MESSAGES[String(issue.path[0])] ?? (['rules', issue.message] as const);
    errors[field] ??= text;
  }
  return { ok: false, errors };
}
