import { readFileSync } from 'node:fs';

/** A fenced block of a page. */
export interface Block {
  /** First word after the fence. */
  readonly language: string;
  /** What stands behind it as `name="value"`. */
  readonly marks: Readonly<Record<string, string>>;
  readonly text: string;
  /** Line of the page that it begins in. */
  readonly line: number;
}

/** What is under one heading of the second level; what comes before the first is called ''. */
export interface Section {
  readonly title: string;
  readonly line: number;
  /** Its text without fenced blocks. */
  readonly prose: string;
  /** The blocks, each with the last `**Part**` that stood before it, such as `Do`. */
  readonly blocks: readonly (Block & { part: string })[];
}

interface Reading {
  sections: { title: string; line: number; prose: string[]; blocks: (Block & { part: string })[] }[];
  part: string;
  open: { language: string; marks: Record<string, string>; lines: string[]; line: number } | undefined;
}

/** Sections of a page in Markdown, in their order. @throws when a fence is not closed */
export function sectionsOf(file: string): Section[] {
  const reading: Reading = { sections: [newSection('', 1)], part: '', open: undefined };
  const lines = readFileSync(file, 'utf8').split('\n');
  for (const [at, line] of lines.entries()) read(reading, line, at + 1);
  if (reading.open !== undefined) throw new Error(`${file}:${reading.open.line}: a fence is not closed`);
  return reading.sections.map(({ prose, ...section }) => ({ ...section, prose: prose.join('\n') }));
}

function newSection(title: string, line: number): Reading['sections'][number] {
  return { title, line, prose: [], blocks: [] };
}

function read(reading: Reading, line: string, at: number): void {
  const section = reading.sections.at(-1);
  if (section === undefined) return;
  if (line.startsWith('```')) {
    fence(reading, section, { line, at });
    return;
  }
  if (reading.open !== undefined) {
    reading.open.lines.push(line);
    return;
  }
  const title = /^## (.+)$/.exec(line)?.[1];
  if (title !== undefined) {
    reading.sections.push(newSection(title, at));
    reading.part = '';
    return;
  }
  reading.part = /^\*\*([A-Z][a-z ]+)\*\*/.exec(line)?.[1] ?? reading.part;
  section.prose.push(line);
}

function fence(
  reading: Reading,
  section: Reading['sections'][number],
  { line, at }: { line: string; at: number },
): void {
  if (reading.open === undefined) {
    const info = line.slice(3).trim();
    reading.open = {
      language: info.split(' ', 1)[0] ?? '',
      marks: marksIn(info),
      lines: [],
      line: at,
    };
    return;
  }
  const { lines, ...block } = reading.open;
  section.blocks.push({ ...block, text: lines.join('\n'), part: reading.part });
  reading.open = undefined;
}

function marksIn(info: string): Record<string, string> {
  return Object.fromEntries(
    [...info.matchAll(/([a-z-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
}
