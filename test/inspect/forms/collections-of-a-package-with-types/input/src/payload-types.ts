export interface Config {
  collections: {
    posts: Post;
    products: Product;
    users: User;
    'payload-kv': PayloadKv;
  };
  globals: {};
  locale: null;
}
export interface Post {
  id: number;
  product?: (number | null) | Product;
  updatedAt: string;
  createdAt: string;
}
export interface Product {
  id: number;
  sku?: string | null;
  category?: (number | null) | Post;
  updatedAt: string;
  createdAt: string;
}
export interface User {
  id: number;
  updatedAt: string;
  createdAt: string;
  email: string;
  collection: 'users';
}
export interface PayloadKv {
  id: number;
  key: string;
}
