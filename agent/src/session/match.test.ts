import type { MatchRule } from '@process-meter/contract';
import { expect, test } from 'vitest';
import { baseName, createMatcher, globPattern, type MatchSubject } from './match.ts';
import { application } from './testing/desk.ts';

const subject = (changes: Partial<MatchSubject>): MatchSubject => ({
  executable: '/usr/bin/app',
  windowClasses: [],
  package: null,
  publisher: null,
  ...changes,
});
const matches = (rule: MatchRule, changes: Partial<MatchSubject>): boolean =>
  createMatcher([application(1, { rules: [rule] })]).match(subject(changes)) !== null;

test.for([
  ['acad.exe', 'ACAD.EXE', true],
  ['acad.exe', 'acadxexe', false],
  ['acad', 'acad.exe', false],
  ['acad*', 'acad.exe', true],
  ['*cad*', 'freecad-daily', true],
  ['fr?ecad', 'freecad', true],
  ['fr?ecad', 'frecad', false],
  ['?', '🦊', true],
  ['a[bc]d', 'abd', false],
  ['a[bc]d', 'a[bc]d', true],
  ['(x|y)', 'x', false],
  ['a+b$', 'a+b$', true],
  [String.raw`C:\Apps\*.exe`, String.raw`c:\apps\x\y.exe`, true],
  ['/opt/*/bin/x', '/opt/a/b/bin/x', true],
] as const)('the glob %s and %s: %s', ([glob, text, expected]) => {
  expect(globPattern(glob).test(text)).toBe(expected);
});

test('a rule full of stars does not stop the agent', () => {
  const started = performance.now();
  expect(globPattern(`${'*'.repeat(250)}x`).test('a'.repeat(4000))).toBe(false);
  expect(performance.now() - started).toBeLessThan(500);
});

test.for([
  ['/usr/bin/geany', 'geany'],
  [String.raw`C:\Program Files\A\acad.exe`, 'acad.exe'],
  ['plain', 'plain'],
])('the base name of %s is %s', ([path, name]) => {
  expect(baseName(path!)).toBe(name);
});

test('every condition of a rule must hold, and one of several window classes is enough', () => {
  const rule = { executable: 'java', windowClass: 'Protege*', path: '/opt/*' };
  const good = { executable: '/opt/jre/java', windowClasses: ['Splash', 'protege-5'] };
  expect(matches(rule, good)).toBe(true);
  expect(matches(rule, { ...good, windowClasses: [] })).toBe(false);
  expect(matches(rule, { ...good, executable: '/usr/bin/java' })).toBe(false);
  expect(matches({ package: 'geany' }, {})).toBe(false);
  expect(matches({ package: 'geany' }, { package: 'geany' })).toBe(true);
  expect(matches({ publisher: 'Auto*' }, { publisher: 'Autodesk, Inc.' })).toBe(true);
});

test('the first application in order wins, whether its rule is a plain name or a glob', () => {
  const plain = application(1, { rules: [{ executable: 'App' }] });
  const glob = application(2, { rules: [{ executable: 'a*' }] });
  expect(createMatcher([plain, glob]).match(subject({}))?.id).toBe(1);
  expect(createMatcher([glob, plain]).match(subject({}))?.id).toBe(2);
  expect(createMatcher([]).match(subject({}))).toBeNull();
});

test('the package is asked for only when a rule needs it', () => {
  expect(createMatcher([application(1)]).needsOwner).toBe(false);
  expect(createMatcher([application(1, { rules: [{ executable: 'x' }, { package: 'p' }] })]).needsOwner).toBe(
    true,
  );
});

test('5,000 rules are matched in well under a millisecond a process', () => {
  const matcher = createMatcher(
    Array.from({ length: 5000 }, (_, id) =>
      application(id + 1, { rules: [{ executable: `app-${id}.exe` }] }),
    ),
  );
  const started = performance.now();
  for (let n = 0; n < 1000; n += 1)
    expect(matcher.match(subject({ executable: `/opt/app-${n * 5}.exe` }))?.id).toBe(n * 5 + 1);
  expect(performance.now() - started).toBeLessThan(1000);
});
