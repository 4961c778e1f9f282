// The AWS Query protocol on the way in: which operation, in which version, with which parameters.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/programming.html
import type { QueryParameters } from '@sallyport/sts-protocol/validate';

/** A request as it arrived, before anything is made of it. */
export interface WireRequest {
  readonly method: string;
  /** Still percent-encoded. */
  readonly path: string;
  /** Still percent-encoded, without `?`. */
  readonly query: string;
  /** Names in lower case; repeated headers stay apart. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  readonly sourceIp: string;
}

/** The values of a header joined by commas; undefined when it is absent. */
export function header(request: WireRequest, name: string): string | undefined {
  const values = request.headers.filter(([key]) => key === name).map(([, value]) => value);
  return values.length > 0 ? values.join(',') : undefined;
}

/**
 * The parameters of a GET's query or a POST's form; of a repeated one the first counts. Undefined for a request that
 * is neither, which STS does not take for an API call. Other methods are treated like a POST without a form: what AWS
 * does with them is not known.
 */
export function readParameters(request: WireRequest): QueryParameters | undefined {
  if (request.method === 'GET') return firstValues(request.query);
  const mediaType = header(request, 'content-type')?.split(';')[0]?.trim().toLowerCase();
  if (request.method !== 'POST' || mediaType !== 'application/x-www-form-urlencoded') return undefined;
  return firstValues(request.body.toString('utf8'));
}

function firstValues(encoded: string): QueryParameters {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(encoded)) {
    if (!parameters.has(name)) parameters.set(name, value);
  }
  return parameters;
}
