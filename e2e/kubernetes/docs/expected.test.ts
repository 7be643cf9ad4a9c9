import { expect, test } from 'vitest';
import { printedAs } from './expected.ts';

test('columns and ages may differ, nothing else', () => {
  const shown = 'NAME    READY   AGE\nmeter   True    2m10s';
  expect(printedAs(shown, 'NAME READY AGE\nmeter  True  7s\n')).toBe(true);
  expect(printedAs(shown, 'NAME READY AGE\nmeter  False  7s\n')).toBe(false);
  expect(printedAs(shown, 'NAME READY AGE\nmeter  True  soon\n')).toBe(false);
  expect(printedAs(shown, 'NAME READY AGE\nmeter  True  7s\nother  True  7s\n')).toBe(false);
  expect(printedAs(shown, 'NAME READY AGE\n')).toBe(false);
});

test('three dots stand for the rest of a name, of a line, or for lines', () => {
  expect(printedAs('pod/meter-… condition met', 'pod/meter-7d9f-x condition met')).toBe(true);
  expect(printedAs('pod/meter-… condition met', 'pod/other condition met')).toBe(false);
  expect(printedAs('first\n…\nlast', 'first\nlast')).toBe(true);
  expect(printedAs('first\n…\nlast', 'first\n1\n2\nlast')).toBe(true);
  expect(printedAs('first\n…\nlast', 'first\n1\n2')).toBe(false);
  expect(printedAs('a.b', 'aXb')).toBe(false);
});
