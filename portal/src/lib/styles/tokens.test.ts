import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

type Tokens = Map<string, string>;
const css = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8');

/** Colours of the blocks that begin with a selector, later ones over earlier ones. */
function colours(...selectors: readonly string[]): Tokens {
  const tokens: Tokens = new Map();
  for (const selector of selectors) {
    const start = css.indexOf(`${selector} {`);
    const block = css.slice(start, css.indexOf('}', start));
    for (const [, name = '', value = ''] of block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})\b/g))
      tokens.set(name, value);
  }
  return tokens;
}

const light = colours(':root');
const dark = colours(':root', "[data-theme='dark']");

/** Relative luminance and contrast ratio of WCAG 2.2. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(tokens: Tokens, a: string, b: string): number {
  const [x, y] = [a, b].map((name) => luminance(name.startsWith('#') ? name : (tokens.get(name) ?? '')));
  return (Math.max(x ?? 0, y ?? 0) + 0.05) / (Math.min(x ?? 0, y ?? 0) + 0.05);
}

const TEXT = [
  ['text', 'surface'],
  ['text-2', 'surface'],
  ['text-3', 'surface'],
  ['text-3', 'bg'],
  ['text-3', 'sunken'],
  ['text-3', 'accent-weak'],
  ['accent', 'surface'],
  ['accent', 'bg'],
  ['on-accent', 'accent-fill'],
  ['alarm', 'surface'],
  ['alarm', 'alarm-weak'],
  ['on-alarm', 'alarm-fill'],
  ['active-ink', 'surface'],
  ['inactive-ink', 'surface'],
  ['timeout-ink', 'surface'],
] as const;
const GRAPHICS = [
  ['line-ctl', 'surface'],
  ['line-ctl', 'bg'],
  ['active', 'surface'],
  ['inactive-ink', 'surface'],
  ['timeout', 'surface'],
  ['timeout', 'bg'],
  ['inactive-pat', 'inactive'],
  ['timeout-pat', 'timeout'],
  ['owned', 'surface'],
  ['c-1', 'surface'],
  ['c-2', 'surface'],
  ['c-3', 'surface'],
  ['c-4', 'surface'],
  ['c-5', 'surface'],
  ['c-6', 'surface'],
] as const;

for (const [theme, tokens] of [
  ['light', light],
  ['dark', dark],
] as const) {
  test(`text of the ${theme} theme has a contrast of 4.5 at least`, () => {
    for (const [ink, ground] of TEXT) {
      expect(contrast(tokens, ink, ground), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  });

  test(`marks and outlines of the ${theme} theme have a contrast of 3 at least`, () => {
    for (const [ink, ground] of GRAPHICS) {
      expect(contrast(tokens, ink, ground), `${ink} on ${ground}`).toBeGreaterThanOrEqual(3);
    }
  });
}

test('the dark theme is the same whether chosen or taken from the system', () => {
  expect(colours(':root', "[data-theme='system']")).toEqual(dark);
});
