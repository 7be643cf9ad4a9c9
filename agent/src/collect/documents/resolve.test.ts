import { expect, test } from 'vitest';
import type { FileCandidate } from '../../platform/platform.ts';
import { resolveFile } from './resolve.ts';

const folder = '/home/ann/papers';
const at = (name: string, ...from: FileCandidate['from'][]): FileCandidate[] =>
  from.map((source) => ({ path: `${folder}/${name}`, from: source }));

/** What five programs really showed: title, candidates, file. */
test.for<[string, string, FileCandidate[], string]>([
  [
    'LibreOffice Writer, first of two documents',
    'offer.odt — LibreOffice Writer',
    [...at('offer.odt', 'fd', 'argument', 'recent'), ...at('plan.odt', 'fd', 'recent')],
    'offer.odt',
  ],
  [
    'LibreOffice Writer, second document of the same process',
    'plan.odt — LibreOffice Writer',
    [...at('offer.odt', 'fd', 'argument', 'recent'), ...at('plan.odt', 'fd', 'recent')],
    'plan.odt',
  ],
  ['zathura', `${folder}/paper.pdf [1/3]`, at('paper.pdf', 'fd', 'argument', 'title'), 'paper.pdf'],
  ['Mousepad', `${folder}/notes.txt - Mousepad`, at('notes.txt', 'argument', 'recent', 'title'), 'notes.txt'],
  ['Geany', `main.c - ${folder} - Geany`, at('main.c', 'argument', 'recent'), 'main.c'],
  ['vim in xterm', 'xterm', at('notes.txt', 'swap', 'argument'), 'notes.txt'],
])('%s', ([, title, candidates, name]) => {
  expect(resolveFile(title, candidates)?.path).toBe(`${folder}/${name}`);
});

test('an open file that the title does not name is not taken for the document', () => {
  expect(resolveFile('Untitled - Editor', at('dictionary.dic', 'recent'))).toBeNull();
  expect(resolveFile('Untitled - Editor', at('cache.bin', 'fd'))).toBeNull();
  expect(resolveFile('anything', [])).toBeNull();
});

test('two files of the same name that nothing tells apart are no answer', () => {
  const twins: FileCandidate[] = [
    { path: '/a/x.txt', from: 'fd' },
    { path: '/b/x.txt', from: 'fd' },
  ];
  expect(resolveFile('x.txt - Editor', twins)).toBeNull();
});

test('a folder in the title tells files of the same name apart', () => {
  const twins: FileCandidate[] = [
    { path: '/home/red/x.txt', from: 'fd' },
    { path: '/home/blue/x.txt', from: 'fd' },
  ];
  expect(resolveFile('x.txt (blue) - Editor', twins)?.path).toBe('/home/blue/x.txt');
});

test('a name that is only part of another name in the title does not count', () => {
  const candidates = [...at('a.txt', 'fd', 'recent'), ...at('data.txt', 'fd')];
  expect(resolveFile('data.txt - Editor', candidates)?.path).toBe(`${folder}/data.txt`);
});

test('a name counts where it stands as a word, also after a longer name that contains it', () => {
  expect(resolveFile('data.txt, a.txt - Editor', at('a.txt', 'recent'))?.path).toBe(`${folder}/a.txt`);
});

test('a path that only begins like the path in the title is not the file', () => {
  const candidates: FileCandidate[] = [
    { path: '/home/ann/plan', from: 'fd' },
    { path: '/home/ann/plan.txt', from: 'recent' },
  ];
  expect(resolveFile('/home/ann/plan.txt - Editor', candidates)?.path).toBe('/home/ann/plan.txt');
});

test('confidence grows with the places that agree and never passes 100', () => {
  const weak = resolveFile('x', at('a.txt', 'argument'))!;
  const strong = resolveFile(`${folder}/a.txt`, at('a.txt', 'fd', 'swap', 'argument', 'recent', 'title'))!;
  expect(weak.confidence).toBeLessThan(50);
  expect(strong.confidence).toBe(100);
});
