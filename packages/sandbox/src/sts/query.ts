// Reads requests of the AWS Query protocol.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/programming.html
import type { QueryParameters } from '@sallyport/sts-protocol/validate';

/** A request as received. */
export interface HttpRequest {
  readonly method: string;
  /** Still percent-encoded. */
  readonly path: string;
  /** Still percent-encoded, without `?`. */
  readonly query: string;
  /** Names in lower case. Repeated headers are separate entries. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  readonly sourceIp: string;
}

/** The values of a header, joined by commas. Undefined if it is absent. */
export function header(request: HttpRequest, name: string): string | undefined {
  const values = request.headers.filter(([key]) => key === name).map(([, value]) => value);
  return values.length > 0 ? values.join(',') : undefined;
}

/**
 * The parameters in the query of a GET or the form of a POST. The first value of a repeated parameter is used.
 * Undefined for any other request, which STS does not treat as an API call. What AWS does with other methods is not
 * known.
 */
export function readParameters(request: HttpRequest): QueryParameters | undefined {
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
