// Signature Version 4 on the receiving side, in a header or in the query (a presigned URL). Exactly the headers that
// SignedHeaders names are signed, whichever an SDK chose.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { StsError } from '@sallyport/sts-protocol/sts-error';
import { signatureDoesNotMatch } from './errors.js';
import { type HttpRequest, header } from './query.js';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SKEW_MS = 5 * 60 * 1000;

export interface Signature {
  readonly accessKeyId: string;
  /** Of the credential scope, `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly terminator: string;
  readonly signedHeaders: readonly string[];
  /** Hex. */
  readonly value: string;
  /** X-Amz-Date, `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string;
  readonly sessionToken: string | undefined;
  /** Of a presigned URL: seconds it is valid for. */
  readonly expiresIn: number | undefined;
}

/** The signature of a request; undefined when it is not signed. Throws IncompleteSignature when parts are missing. */
export function readSignature(request: HttpRequest): Signature | undefined {
  const authorization = header(request, 'authorization');
  if (authorization !== undefined) {
    const [algorithm, ...rest] = authorization.split(' ');
    const fields = new Map(
      rest
        .join(' ')
        .split(',')
        .map((field) => field.trim().split(/=(.*)/s, 2) as [string, string]),
    );
    return signatureFrom({
      algorithm,
      credential: fields.get('Credential'),
      signedHeaders: fields.get('SignedHeaders'),
      value: fields.get('Signature'),
      timestamp: header(request, 'x-amz-date'),
      sessionToken: header(request, 'x-amz-security-token'),
    });
  }
  const query = new URLSearchParams(request.query);
  if (!query.has('X-Amz-Algorithm')) return undefined;
  return signatureFrom({
    algorithm: query.get('X-Amz-Algorithm'),
    credential: query.get('X-Amz-Credential'),
    signedHeaders: query.get('X-Amz-SignedHeaders'),
    value: query.get('X-Amz-Signature'),
    timestamp: query.get('X-Amz-Date'),
    sessionToken: query.get('X-Amz-Security-Token'),
    expiresIn: query.get('X-Amz-Expires'),
  });
}

type Parts = Readonly<
  Record<'algorithm' | 'credential' | 'signedHeaders' | 'value' | 'timestamp', string | null | undefined> & {
    sessionToken: string | null | undefined;
    expiresIn?: string | null;
  }
>;

function signatureFrom(parts: Parts): Signature {
  const { algorithm, credential, signedHeaders, value, timestamp, sessionToken, expiresIn } = parts;
  const [accessKeyId, date, region, service, terminator] = credential?.split('/') ?? [];
  // AWS has one message for each missing part. The sandbox has one for all.
  if (algorithm !== ALGORITHM || !accessKeyId || !signedHeaders || !value || !timestamp) {
    throw new StsError(
      400,
      'IncompleteSignature',
      `A signature needs ${ALGORITHM}, Credential, SignedHeaders, Signature and X-Amz-Date.`,
    );
  }
  return {
    accessKeyId,
    date: date ?? '',
    region: region ?? '',
    service: service ?? '',
    terminator: terminator ?? '',
    signedHeaders: signedHeaders.split(';'),
    value,
    timestamp,
    sessionToken: sessionToken ?? undefined,
    expiresIn: expiresIn ? Number(expiresIn) : undefined,
  };
}

const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d{1,2}$/;

/** A regional endpoint of AWS accepts its own region only. The sandbox accepts all regions. */
export function checkScope({ region, service, terminator, date, timestamp }: Signature): void {
  const message = [
    REGION.test(region) ? '' : 'Credential should be scoped to a valid region. ',
    service === 'sts' ? '' : "Credential should be scoped to correct service: 'sts'. ",
    // The texts of these two are not confirmed.
    terminator === 'aws4_request'
      ? ''
      : "Credential should be scoped with a valid terminator: 'aws4_request'. ",
    timestamp.startsWith(`${date}T`)
      ? ''
      : 'Date in Credential scope does not match the date of the request. ',
  ].join('');
  if (message) throw signatureDoesNotMatch(message);
}

/** Checks the time, then the HMAC; which AWS does first is not known. Throws SignatureDoesNotMatch. */
export function verifySignature(request: HttpRequest, signature: Signature, secret: string, now: Date): void {
  checkTime(signature, now);
  const scope = [signature.date, signature.region, signature.service, signature.terminator];
  const key = scope.reduce<Buffer | string>((previous, part) => hmac(previous, part), `AWS4${secret}`);
  const canonical = canonicalRequest(request, signature);
  const stringToSign = [ALGORITHM, signature.timestamp, scope.join('/'), sha256(canonical)].join('\n');
  const expected = Buffer.from(hmac(key, stringToSign).toString('hex'));
  const actual = Buffer.from(signature.value);
  // Without the host a signature would hold at any service. How AWS words that is not confirmed.
  const sound = signature.signedHeaders.includes('host') && expected.length === actual.length;
  if (!sound || !timingSafeEqual(expected, actual)) {
    throw signatureDoesNotMatch(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  }
}

/** How AWS words the expiry of a presigned URL is not known; here it is the sentence for a signed request. */
function checkTime({ timestamp, expiresIn }: Signature, now: Date): void {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp) ?? [];
  const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(signedAt)) throw signatureDoesNotMatch('Date must be in ISO-8601 basic format.');
  const validFor = expiresIn === undefined ? SKEW_MS : expiresIn * 1000;
  const expiry = now.getTime() - validFor;
  if (signedAt < expiry) {
    const margin = expiresIn === undefined ? '5 min.' : `${expiresIn} s.`;
    throw signatureDoesNotMatch(
      `Signature expired: ${timestamp} is now earlier than ${basicDate(expiry)} (${basicDate(now.getTime())} - ${margin})`,
    );
  }
  const latest = now.getTime() + SKEW_MS;
  if (signedAt > latest) {
    throw signatureDoesNotMatch(
      `Signature not yet current: ${timestamp} is still later than ${basicDate(latest)} (${basicDate(now.getTime())} + 5 min.)`,
    );
  }
}

const basicDate = (time: number) => new Date(time).toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '');

function canonicalRequest(request: HttpRequest, { signedHeaders }: Signature): string {
  const headers = signedHeaders.map((name) => {
    const values = request.headers.filter(([key]) => key === name).map(([, value]) => value);
    return `${name}:${values.map((value) => value.trim().replace(/ +/g, ' ')).join(',')}\n`;
  });
  return [
    request.method,
    request.path.split('/').map(encode).join('/'),
    canonicalQuery(request.query),
    headers.join(''),
    signedHeaders.join(';'),
    sha256(request.body),
  ].join('\n');
}

function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

/** Percent-encodes all but RFC 3986's unreserved characters. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest();
const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');
