import type { ApplicationSettings } from '@process-meter/contract';
import { describe, expect, it } from 'vitest';
import { emptyForm, formOf } from './form.ts';
import { parseForm, readForm } from './form.server.ts';

describe('the form of an application', () => {
  it('gives stored settings back unchanged', () => {
    const settings: ApplicationSettings = {
      name: 'CivilDraft',
      rules: [{ executable: 'civildraft*' }, { path: '/opt/cad/*', package: 'cad' }],
      inactiveAfterMs: 90_000,
      timeoutAfterMs: 20 * 60_000,
      countBusyAsActive: true,
      busyCpuShare: 0.07,
      titlePrivacy: 'hash',
      pathPrivacy: 'drop',
    };
    expect(parseForm(formOf(settings))).toEqual({ ok: true, settings });
  });
  it('names every wrong field', () => {
    const form = { ...emptyForm(), rules: [], inactiveSeconds: '4', timeoutMinutes: '', busyPercent: '0' };
    const parsed = parseForm(form);
    expect(parsed.ok ? [] : Object.keys(parsed.errors).sort()).toEqual([
      'busyPercent',
      'inactiveSeconds',
      'name',
      'rules',
      'timeoutMinutes',
    ]);
  });
  it('leaves out rules and conditions that are empty', () => {
    const typed = new FormData();
    for (const [name, value] of [
      ['rules.0.executable', ' a.exe '],
      ['rules.0.path', ''],
      ['rules.1.executable', ''],
    ] as const)
      typed.set(name, value);
    expect(readForm(typed).rules).toEqual([{ executable: 'a.exe' }]);
  });
});
