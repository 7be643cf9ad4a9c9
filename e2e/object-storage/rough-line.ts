import { once } from 'node:events';
import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import { freePort } from '@process-meter/local';

/** What befalls a request. */
export type Fate =
  | 'passes'
  /** Refused with a code, such as that of a server that has too much to do, and not passed on. */
  | { refused: 'SlowDown' | 'NoSuchUpload'; status: number }
  /** The line is cut after half of the body. */
  | 'cut-asking'
  /** The server does it, and the line is cut before it says so. */
  | 'cut-answer'
  /** The line is cut after so many bytes of the answer. */
  | { cutAfter: number }
  /** One bit of the body is another one. */
  | 'changed'
  /** Nothing happens, until somebody hangs up. */
  | 'held';

export interface Asked {
  method: string;
  /** With its query. */
  path: string;
  /** How many requests of this method came, with this one. */
  count: number;
}

const refusal = (code: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;

/** A line to an S3 server on which things go wrong. Requests keep their signature: the name of the server is that of the line. */
export class RoughLine {
  readonly seen: Asked[] = [];
  readonly url: string;
  readonly #port: number;
  readonly #fate: (asked: Asked) => Fate;
  readonly #server = createServer((request, response) => this.#serve(request, response));

  private constructor(own: number, port: number, fate: (asked: Asked) => Fate) {
    this.url = `http://127.0.0.1:${own}`;
    this.#port = port;
    this.#fate = fate;
  }

  static async to(port: number, fate: (asked: Asked) => Fate): Promise<RoughLine> {
    const own = await freePort();
    const line = new RoughLine(own, port, fate);
    line.#server.listen(own, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url: path = '/' } = request;
    const count = this.seen.filter((one) => one.method === method).length + 1;
    const asked = { method, path, count };
    this.seen.push(asked);
    const fate = this.#fate(asked);
    if (fate === 'held') return;
    if (typeof fate === 'object' && 'refused' in fate) {
      request.resume().once('end', () => {
        response.writeHead(fate.status, { 'content-type': 'application/xml' }).end(refusal(fate.refused));
      });
      return;
    }
    const onward = send({
      host: '127.0.0.1',
      port: this.#port,
      method,
      path,
      headers: request.headers,
      setHost: false,
    });
    onward.on('error', () => request.socket.destroy());
    onward.once('response', (answer) => answered(answer, response, fate));
    forward(request, onward, fate);
  }
}

function forward(request: IncomingMessage, onward: ReturnType<typeof send>, fate: Fate): void {
  const half = Number(request.headers['content-length'] ?? 0) / 2;
  let passed = 0;
  request.on('data', (chunk: Buffer) => {
    passed += chunk.length;
    if (fate === 'changed' && passed > half && passed - chunk.length <= half) chunk[0] = (chunk[0] ?? 0) ^ 1;
    onward.write(chunk);
    if (fate !== 'cut-asking' || passed < half) return;
    onward.destroy();
    request.socket.destroy();
  });
  request.once('end', () => onward.end());
}

function answered(answer: IncomingMessage, response: ServerResponse, fate: Fate): void {
  if (fate === 'cut-answer') {
    answer.resume().once('end', () => response.socket?.destroy());
    return;
  }
  response.writeHead(answer.statusCode ?? 500, answer.headers);
  let room = typeof fate === 'object' && 'cutAfter' in fate ? fate.cutAfter : Infinity;
  answer.on('data', (chunk: Buffer) => {
    const most = Math.min(room, chunk.length);
    room -= most;
    response.write(chunk.subarray(0, most), () => {
      if (room === 0) response.socket?.destroy();
    });
  });
  answer.once('end', () => response.end());
}
