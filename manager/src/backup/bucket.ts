import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  S3Client,
  UploadPartCommand,
  type ListMultipartUploadsCommandInput,
} from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import type { S3Config } from './s3-config.ts';
import { S3Error, s3Error } from './s3-errors.ts';

/** With growing pauses between them: half a minute where a line is cut, up to a minute where a server is busy. */
const TRIES = 10;
const CONNECT_MS = 10_000;
/** To join the parts of a large object takes some servers minutes, in which they say nothing. */
const SILENCE_MS = 180_000;

/** An object that is not there yet: its parts are sent one after the other. */
export interface Upload {
  key: string;
  id: string;
}

export interface UploadFound extends Upload {
  begun: Date;
}

/** An object from some byte on. */
export interface ObjectRead {
  bytes: AsyncIterable<Uint8Array>;
  /** Of the whole object. */
  size: number;
  /** Changes with its content. */
  etag: string;
}

/** A bucket of an S3 server. What fails for the moment is tried again by itself, everything else is an S3Error. */
export class Bucket {
  readonly name: string;
  readonly #endpoint: string;
  readonly #client: S3Client;

  constructor(name: string, { endpoint, region, credentials }: S3Config) {
    this.name = name;
    this.#endpoint = endpoint;
    this.#client = new S3Client({
      endpoint,
      region,
      credentials,
      // A server of one's own seldom has a DNS name for each bucket.
      forcePathStyle: true,
      maxAttempts: TRIES,
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
      // Each part is signed with its SHA-256, which every server checks. Other checksums not every server knows.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  }

  async begin(key: string): Promise<Upload> {
    const { UploadId } = await this.#ask('write', key, () =>
      this.#client.send(new CreateMultipartUploadCommand(this.#object(key))),
    );
    return { key, id: given(UploadId) };
  }

  /** @returns the tag that the upload is completed with */
  async part({ key, id }: Upload, number: number, body: Uint8Array, signal: AbortSignal): Promise<string> {
    const command = new UploadPartCommand({
      ...this.#object(key),
      UploadId: id,
      PartNumber: number,
      Body: body,
      ContentLength: body.length,
    });
    const { ETag } = await this.#ask('write', key, () => this.#client.send(command, { abortSignal: signal }));
    return given(ETag);
  }

  /** Makes one object of the parts. */
  async complete({ key, id }: Upload, tags: readonly string[]): Promise<void> {
    const parts = tags.map((tag, index) => ({ PartNumber: index + 1, ETag: tag }));
    const command = new CompleteMultipartUploadCommand({
      ...this.#object(key),
      UploadId: id,
      MultipartUpload: { Parts: parts },
    });
    await this.#ask('write', key, () => this.#client.send(command));
  }

  /** Forgets the parts. */
  async abort({ key, id }: Upload): Promise<void> {
    const command = new AbortMultipartUploadCommand({ ...this.#object(key), UploadId: id });
    await this.#ask('write', key, () => this.#client.send(command));
  }

  /** Uploads that were begun and neither completed nor aborted. */
  async uploads(prefix: string): Promise<UploadFound[]> {
    const found: UploadFound[] = [];
    let marker: Pick<ListMultipartUploadsCommandInput, 'KeyMarker' | 'UploadIdMarker'> = {};
    for (;;) {
      const command = new ListMultipartUploadsCommand({ Bucket: this.name, Prefix: prefix, ...marker });
      const page = await this.#ask('list uploads of', prefix, () => this.#client.send(command));
      for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
        found.push({ key: given(Key), id: given(UploadId), begun: given(Initiated) });
      if (page.IsTruncated !== true) return found;
      marker = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    }
  }

  /** Keys directly under a prefix. */
  async keys(prefix: string): Promise<string[]> {
    return this.#ask('list', prefix, async () => {
      const found: string[] = [];
      const pages = paginateListObjectsV2(
        { client: this.#client },
        { Bucket: this.name, Prefix: prefix, Delimiter: '/' },
      );
      for await (const { Contents = [] } of pages) found.push(...Contents.map(({ Key }) => given(Key)));
      return found;
    });
  }

  /** Undefined when it is not there. */
  async size(key: string): Promise<number | undefined> {
    const command = new HeadObjectCommand(this.#object(key));
    try {
      const { ContentLength } = await this.#ask('read', key, () => this.#client.send(command));
      return given(ContentLength);
    } catch (error) {
      // An answer to HEAD has no body that could say more.
      if (error instanceof S3Error && error.code === 'NotFound') return undefined;
      throw error;
    }
  }

  async remove(key: string): Promise<void> {
    await this.#ask('delete', key, () => this.#client.send(new DeleteObjectCommand(this.#object(key))));
  }

  /** @param since an earlier read that broke off: the object must still be the same */
  async read(key: string, from: number, since?: ObjectRead): Promise<ObjectRead> {
    const command = new GetObjectCommand({
      ...this.#object(key),
      ...(since === undefined ? {} : { Range: `bytes=${from}-`, IfMatch: since.etag }),
    });
    const { Body, ContentLength, ETag } = await this.#ask('read', key, () => this.#client.send(command));
    if (!(Body instanceof Readable)) throw new TypeError('the body of an object is no stream');
    return { bytes: Body, size: from + given(ContentLength), etag: given(ETag) };
  }

  /** What broke off in the middle of the bytes of an object, in words. */
  brokenOff(key: string, error: unknown): Error {
    return this.#inWords(error, 'read', key);
  }

  #inWords(error: unknown, doing: string, key: string): Error {
    return s3Error(error, { doing, key, bucket: this.name, endpoint: this.#endpoint });
  }

  #object(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.name, Key: key };
  }

  async #ask<T>(doing: string, key: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw this.#inWords(error, doing, key);
    }
  }
}

/** What every S3 server answers with. */
function given<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('the S3 server left out what it must tell');
  return value;
}
