// Renders response documents as STS does: XML indented by two spaces, or JSON for `Accept: application/json`.
import type { StsError } from './sts-error.js';

/** The members of a result, in the order of the response. Dates are rounded down to seconds. */
export interface Result {
  readonly [name: string]: string | number | Date | Result | undefined;
}

export type Format = 'xml' | 'json';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';
const DISPATCH_NAMESPACE = 'http://webservices.amazon.com/AWSFault/2005-15-09';

export const contentType = (format: Format) => (format === 'json' ? 'application/json' : 'text/xml');

export function renderResult(operation: string, result: Result, requestId: string, format: Format): string {
  const content = { [`${operation}Result`]: result, ResponseMetadata: { RequestId: requestId } };
  return format === 'json'
    ? JSON.stringify({ [`${operation}Response`]: jsonValue(content) })
    : xmlDocument(`${operation}Response`, NAMESPACE, content);
}

/** AWS does not document the JSON form of an error; this mirrors the XML. */
export function renderError(error: StsError, requestId: string, format: Format): string {
  const content = {
    Error: { Type: error.type, Code: error.code, Message: error.text },
    RequestId: requestId,
  };
  return format === 'json'
    ? JSON.stringify(content)
    : xmlDocument('ErrorResponse', error.dispatch ? DISPATCH_NAMESPACE : NAMESPACE, content);
}

const xmlDocument = (name: string, namespace: string, content: Result) =>
  `<${name} xmlns="${namespace}">\n${xmlMembers(content, '  ')}</${name}>\n`;

function xmlMembers(content: Result, indent: string): string {
  return Object.entries(content)
    .map(([name, value]) => {
      if (value === undefined) return '';
      if (typeof value === 'object' && !(value instanceof Date)) {
        return `${indent}<${name}>\n${xmlMembers(value, `${indent}  `)}${indent}</${name}>\n`;
      }
      const text = value instanceof Date ? formatDate(value) : escapeXml(String(value));
      return `${indent}<${name}>${text}</${name}>\n`;
    })
    .join('');
}

/** Whole seconds, as in `2026-01-31T12:00:00Z`. */
export const formatDate = (date: Date) => `${date.toISOString().slice(0, 19)}Z`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
};

/** Replaces characters that XML 1.0 does not allow (section 2.2) by U+FFFD. */
function escapeXml(text: string): string {
  return text
    .replace(/[&<>"\r]/g, (character) => ENTITIES[character] ?? character)
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}

/** In JSON a time is a number of seconds. */
function jsonValue(content: Result): unknown {
  return Object.fromEntries(
    Object.entries(content).map(([name, value]) => {
      if (value instanceof Date) return [name, Math.floor(value.getTime() / 1000)];
      return [name, typeof value === 'object' ? jsonValue(value) : value];
    }),
  );
}
