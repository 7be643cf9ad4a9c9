export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * Cuts a server-sent stream into events. Unlike EventSource it also tells of comments (event "ping"),
 * so that a quiet stream can be told from a dead one.
 */
export class EventCutter {
  #rest = '';

  push(chunk: string): ServerEvent[] {
    const blocks = (this.#rest + chunk).replaceAll('\r\n', '\n').split('\n\n');
    this.#rest = blocks.pop() ?? '';
    return blocks.map(readBlock);
  }
}

function readBlock(block: string): ServerEvent {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) event = line.slice(6).trim();
    else if (line.startsWith('data:')) data.push(line.slice(5).trim());
  }
  return data.length === 0 ? { event: 'ping', data: '' } : { event, data: data.join('\n') };
}
