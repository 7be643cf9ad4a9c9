import type { AgentApplication, MatchRule } from '@process-meter/contract';
import { posix, win32 } from 'node:path';

/** What rules are compared with. */
export interface MatchSubject {
  executable: string;
  /** Classes of the windows the process has. */
  windowClasses: readonly string[];
  /** Package that owns the executable; null when none or not asked. */
  package: string | null;
  publisher: string | null;
}
export interface Matcher {
  /** The first application, in the order of the configuration, with a rule that matches. */
  match(subject: MatchSubject): AgentApplication | null;
  /** True when a rule asks for the package or its publisher, which costs time to find out. */
  needsOwner: boolean;
}

type Condition = (subject: MatchSubject) => boolean;
interface CompiledRule {
  application: AgentApplication;
  order: number;
  conditions: Condition[];
}

/**
 * Compiles the rules of all applications. Rules with a plain executable name, nearly all of them, are found by name;
 * only the rest is tried one by one.
 */
export function createMatcher(applications: readonly AgentApplication[]): Matcher {
  const byName = new Map<string, CompiledRule[]>();
  const others: CompiledRule[] = [];
  let order = 0;
  for (const application of applications) {
    for (const rule of application.rules) {
      const compiled = { application, order, conditions: conditionsOf(rule) };
      order += 1;
      const name = rule.executable?.toLowerCase();
      if (name === undefined || /[*?]/.test(name)) others.push(compiled);
      else byName.set(name, [...(byName.get(name) ?? []), compiled]);
    }
  }
  const fits = (rule: CompiledRule, subject: MatchSubject): boolean =>
    rule.conditions.every((condition) => condition(subject));
  return {
    needsOwner: applications.some(({ rules }) =>
      rules.some((rule) => rule.package !== undefined || rule.publisher !== undefined),
    ),
    match(subject) {
      const named = byName.get(baseName(subject.executable).toLowerCase()) ?? [];
      const first = named.find((rule) => fits(rule, subject));
      const other = others.find((rule) => rule.order < (first?.order ?? Infinity) && fits(rule, subject));
      return (other ?? first)?.application ?? null;
    },
  };
}

function conditionsOf(rule: MatchRule): Condition[] {
  const conditions: Condition[] = [];
  const add = (glob: string | undefined, values: (subject: MatchSubject) => readonly string[]): void => {
    if (glob === undefined) return;
    const pattern = globPattern(glob);
    conditions.push((subject) => values(subject).some((value) => pattern.test(value)));
  };
  add(rule.executable, ({ executable }) => [baseName(executable)]);
  add(rule.path, ({ executable }) => [executable]);
  add(rule.windowClass, ({ windowClasses }) => windowClasses);
  add(rule.publisher, ({ publisher }) => (publisher === null ? [] : [publisher]));
  add(rule.package, (subject) => (subject.package === null ? [] : [subject.package]));
  return conditions;
}

/** A glob as a pattern: `*` any run of characters, `?` one; without case, always the whole text. */
export function globPattern(glob: string): RegExp {
  // Runs of stars are one star: otherwise a rule could make matching take exponential time.
  const source = glob
    .replace(/\*+/g, '*')
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'isu');
}

/** Last part of a path of any system. */
export function baseName(path: string): string {
  return path.includes('\\') ? win32.basename(path) : posix.basename(path);
}
