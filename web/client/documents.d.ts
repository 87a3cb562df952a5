// Documents of a network. What stands here is meant for the module documents.js.
import { Client, TraverseOptions } from './client.js';

export { ClientError } from './client.js';

export type Document = { [field: string]: unknown };

export interface SendingOptions extends TraverseOptions {
  /**
   * Whose the documents are: shown when adding, it has to be shown again for changing them, in networks
   * whose collections say so. Nodes of metastocle know no owners.
   */
  ownerToken?: string;
}

export interface ReadingOptions extends SendingOptions {
  /** Conditions such as `{ age: { $gt: 17 }, name: 'Ann' }`; see docs/documents.md. */
  filter?: object;
  /** `['name', ['age', 'desc']]` */
  sort?: Array<string | [string, 'asc' | 'desc']>;
  /** Fields wanted, at the top of the documents. */
  fields?: string[];
  /** Number of the page, from 0 on. */
  offset?: number;
  /** Documents on a page; 0: all. */
  limit?: number;
  /** `false` gives every copy. */
  removeDuplicates?: boolean;
}

/**
 * Calls a network of documents through any of its nodes. Dates go as milliseconds, regular expressions as
 * `{source, flags}`. Errors are those of Client, with the codes of the nodes.
 */
export class DocumentsClient extends Client {
  addDocument(
    collection: string,
    document: Document,
    options?: SendingOptions & { ignoreExistenceError?: boolean },
  ): Promise<Document>;
  getDocuments(
    collection: string,
    options?: ReadingOptions,
  ): Promise<{ documents: Document[]; totalCount: number }>;
  getDocumentsCount(collection: string, options?: ReadingOptions): Promise<number>;
  getDocumentByPk(
    collection: string,
    pkValue: string | number,
    options?: SendingOptions,
  ): Promise<Document | null>;
  updateDocuments(
    collection: string,
    document: Document,
    options?: SendingOptions & { filter?: object; replace?: boolean },
  ): Promise<{ updated: number }>;
  deleteDocuments(
    collection: string,
    options?: SendingOptions & { filter?: object },
  ): Promise<{ deleted: number }>;
}
