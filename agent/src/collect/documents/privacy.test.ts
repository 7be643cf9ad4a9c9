import { expect, test } from 'vitest';
import { applyPrivacy, type PrivacyRules } from './privacy.ts';

const hashKey = Buffer.alloc(32, 7).toString('base64url');
const rules = (titlePrivacy: PrivacyRules['titlePrivacy'], pathPrivacy = titlePrivacy): PrivacyRules => ({
  titlePrivacy,
  pathPrivacy,
  hashKey,
});
const document = { name: 'Offer to Ann.odt', path: '/home/bob/clients/ann/Offer to Ann.odt' };

test.for([
  ['keep', document],
  ['baseName', { name: document.name, path: document.name }],
  ['drop', { name: '', path: '' }],
] as const)('the rule %s', ([rule, expected]) => {
  expect(applyPrivacy(document, rules(rule))).toEqual(expected);
});

test('the name follows the rule of titles, the path the rule of paths', () => {
  expect(applyPrivacy(document, rules('keep', 'drop'))).toEqual({ name: document.name, path: '' });
  expect(applyPrivacy(document, rules('drop', 'keep'))).toEqual({ name: '', path: document.path });
});

test('a hash is the same for the same text and key, another for another key, and shows nothing of the text', () => {
  const once = applyPrivacy(document, rules('hash'));
  expect(applyPrivacy(document, rules('hash'))).toEqual(once);
  const other = { ...rules('hash'), hashKey: Buffer.alloc(32, 8).toString('base64url') };
  expect(applyPrivacy(document, other).name).not.toBe(once.name);
  expect(once.name).toMatch(/^[\w-]{43}$/);
  expect(once.path).toMatch(/^[\w-]{43}$/);
  expect(once.name).not.toBe(once.path);
});

test('nothing stays nothing, so that a hash never stands for an unknown path', () => {
  expect(applyPrivacy({ name: ' \n', path: '' }, rules('hash'))).toEqual({ name: '', path: '' });
});

test('the base name of a Windows path is its last part', () => {
  const path = String.raw`C:\Users\bob\plan.dwg`;
  expect(applyPrivacy({ name: path, path }, rules('baseName'))).toEqual({
    name: 'plan.dwg',
    path: 'plan.dwg',
  });
});

test('what is kept is text that a database takes: no control characters, no half characters, no endless title', () => {
  const kept = applyPrivacy({ name: 'a\u0000b\r\nc', path: `/${'x'.repeat(9000)}` }, rules('keep'));
  expect(kept.name).toBe('a b c');
  expect(kept.path).toHaveLength(4096);
  const cut = applyPrivacy({ name: `${'x'.repeat(511)}🦊`, path: '\ud800' }, rules('keep'));
  expect(cut.name.isWellFormed()).toBe(true);
  expect(cut.path.isWellFormed()).toBe(true);
});
