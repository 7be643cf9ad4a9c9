import { describe, expect, it } from 'vitest';
import { withParams } from '#lib/range/address.ts';
import { chosenNames, isLong, optionsOf, remaining, type FilterOption } from './filter.ts';

const option = (value: string, count: number): FilterOption => ({ value, name: value.toUpperCase(), count });
const sites = [option('bergen', 612), option('turku', 344), option('gdynia', 0)];

describe('the list of a filter', () => {
  it('begins with what is chosen, and keeps what yields nothing', () => {
    const options = optionsOf(sites, ['turku', 'oulu']);
    expect(options.map(({ value, count }) => [value, count])).toEqual([
      ['turku', 344],
      ['oulu', 0],
      ['bergen', 612],
      ['gdynia', 0],
    ]);
  });
  it('is searched when it is long', () => {
    expect(isLong(sites)).toBe(false);
    expect(isLong(Array.from({ length: 9 }, (_, i) => option(String(i), 1)))).toBe(true);
  });
});

describe('the button that shows', () => {
  it('says how many remain: all without a choice, else the sum', () => {
    expect(remaining(sites, [], 1000)).toBe(1000);
    expect(remaining(sites, ['bergen', 'turku'], 1000)).toBe(956);
    expect(remaining(sites, ['gdynia'], 1000)).toBe(0);
  });
  it('says no number where one is not known', () => {
    expect(remaining(sites, ['bergen', 'typed by hand'], 1000)).toBeNull();
  });
});

describe('a filter in the bar', () => {
  it('names two values and counts the others', () => {
    expect(chosenNames(sites, ['bergen'])).toBe('BERGEN');
    expect(chosenNames(sites, ['bergen', 'turku'])).toBe('BERGEN, TURKU');
    expect(chosenNames(sites, ['oulu', 'bergen', 'turku', 'gdynia'])).toBe('oulu, BERGEN +2');
  });
});

describe('the address', () => {
  const params = new URLSearchParams('user=ida&sort=user&at=2026-11-17T06:00');
  it('repeats a key for several values, whatever is in them', () => {
    const address = withParams(params, { user: ['per, "jr"', 'a&b=c'], page: null });
    expect(address).toBe('?at=2026-11-17T06:00&sort=user&user=per%2C+%22jr%22&user=a%26b%3Dc');
    expect(new URLSearchParams(address).getAll('user')).toEqual(['per, "jr"', 'a&b=c']);
  });
  it('leaves out what has no value', () => {
    expect(withParams(params, { user: [], sort: '', at: null })).toBe('?');
  });
  it('keeps the values of other keys', () => {
    expect(withParams(new URLSearchParams('user=b&user=a'), { page: '2' })).toBe('?page=2&user=b&user=a');
  });
});
