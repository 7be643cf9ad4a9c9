/** How a duration such as an age stands in what kubectl prints. */
const DURATION = /^(?:\d+[smhdy])+$/;

/**
 * Whether a command printed what a page shows. Runs of blanks count as one, an age as any other age; `…` stands for any
 * text of a line, and a line with nothing else for any lines.
 */
export function printedAs(shown: string, printed: string): boolean {
  return patternOf(shown).test(`${linesOf(printed).join('\n')}\n`);
}

function linesOf(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim().replaceAll(/\s+/g, ' '));
}

function patternOf(shown: string): RegExp {
  const lines = linesOf(shown).map((line) => (line === '…' ? '(?:.*\n)*?' : `${patternOfLine(line)}\n`));
  return new RegExp(`^${lines.join('')}$`, 'u');
}

function patternOfLine(line: string): string {
  return line
    .split(' ')
    .map((word) => (DURATION.test(word) ? '(?:[0-9]+[smhdy])+' : literal(word)))
    .join(' ');
}

function literal(word: string): string {
  return word
    .split('…')
    .map((text) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`))
    .join('.*');
}
