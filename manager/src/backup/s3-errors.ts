import { BackupError } from './manifest.ts';

/** What a bucket was asked for, and where. */
export interface Asked {
  /** In a word that follows "may not" and "could not", such as `read`. */
  doing: string;
  /** The object, or what the objects begin with. */
  key: string;
  bucket: string;
  endpoint: string;
}

/** A bucket did not do what it was asked for. */
export class S3Error extends BackupError {
  /** As the S3 server or the system calls it, such as `NoSuchBucket` or `ECONNREFUSED`. */
  readonly code: string;

  constructor(code: string, message: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

const unknownKey = ({ endpoint }: Asked): string =>
  `${endpoint} does not know the access key (AWS_ACCESS_KEY_ID)`;

const REASONS: Readonly<Record<string, (asked: Asked) => string>> = {
  NoSuchBucket: ({ bucket, endpoint }) => `there is no bucket ${bucket} at ${endpoint}`,
  NoSuchKey: ({ key, bucket }) => `there is no ${key} in the bucket ${bucket}`,
  InvalidAccessKeyId: unknownKey,
  // So says Versity's gateway.
  XAdminUserNotFound: unknownKey,
  SignatureDoesNotMatch: () =>
    'the secret key is not that of the access key (AWS_SECRET_ACCESS_KEY), or something between changes requests',
  AccessDenied: ({ doing, key, bucket }) => `the access key may not ${doing} ${key} in the bucket ${bucket}`,
  RequestTimeTooSkewed: ({ endpoint }) => `the clocks of this machine and of ${endpoint} differ too much`,
  AuthorizationHeaderMalformed: ({ bucket }) => `the bucket ${bucket} is of another region (AWS_REGION)`,
  PermanentRedirect: ({ bucket }) => `the bucket ${bucket} is of another region (AWS_REGION)`,
  NoSuchUpload: ({ key, bucket }) =>
    `the upload of ${key} to the bucket ${bucket} was removed before it was complete`,
  SlowDown: ({ endpoint, doing }) => `${endpoint} was too busy to ${doing}, each time it was asked`,
  ECONNREFUSED: ({ endpoint }) => `nothing listens at ${endpoint}`,
  ENOTFOUND: ({ endpoint }) => `the name in ${endpoint} is not known`,
  EAI_AGAIN: ({ endpoint }) => `the name in ${endpoint} cannot be looked up now`,
  CERT_HAS_EXPIRED: ({ endpoint }) => `the certificate of ${endpoint} has expired`,
  ERR_TLS_CERT_ALTNAME_INVALID: ({ endpoint }) => `the certificate of ${endpoint} is of another name`,
};

const UNREACHABLE = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'TimeoutError', 'ECONNABORTED']);
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Says in a sentence what people have to know; nothing of it is secret. */
export function s3Error(error: unknown, asked: Asked): S3Error {
  if (error instanceof S3Error) return error;
  const code = codeOf(error);
  return new S3Error(code, reasonOf(code, error, asked), error);
}

function reasonOf(code: string, error: unknown, asked: Asked): string {
  const known = REASONS[code];
  if (known !== undefined) return known(asked);
  const { endpoint, doing, key, bucket } = asked;
  if (UNREACHABLE.has(code)) return `${endpoint} cannot be reached (${code})`;
  if (UNTRUSTED.has(code))
    return `the certificate of ${endpoint} is of an authority that is not trusted here (NODE_EXTRA_CA_CERTS)`;
  const message = error instanceof Error ? error.message : String(error);
  return `${endpoint} could not ${doing} ${key} in the bucket ${bucket}: ${code}${message === code ? '' : `, ${message}`}`;
}

/** The system names its errors in `code`, an S3 server in `name`; one address of several fails with all of them. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Unknown';
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if ('code' in error && typeof error.code === 'string') return error.code;
  // An answer without a body has its status only.
  return statusOf(error) === 403 && error.name === 'Unknown' ? 'AccessDenied' : error.name;
}

function statusOf(error: Error): unknown {
  if (!('$metadata' in error) || typeof error.$metadata !== 'object' || error.$metadata === null)
    return undefined;
  return 'httpStatusCode' in error.$metadata ? error.$metadata.httpStatusCode : undefined;
}
