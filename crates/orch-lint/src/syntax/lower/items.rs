//! Items and associated items.

use smol_str::{SmolStr, ToSmolStr};
use syn::{ImplItem, Item as I, TraitItem, UseTree, Visibility};

use super::attributes::attrs;
use super::extents::{head_of, signature_start};
use super::types::{bounds, generics, path, ty};
use super::{Lowering, name, span};
use crate::syntax::item::{
    AssocItem, AssocKind, Field, Fields, FnDef, ImplDef, Import, Item, ItemKind, ModDef, TraitDef,
    Variant, Vis,
};
use crate::syntax::span::{Name, Span};

impl Lowering {
    /// Lowers the items of a module.
    pub(super) fn items(&mut self, from: &[I]) -> Vec<Item> {
        let mut items = Vec::with_capacity(from.len());
        for item in from {
            items.extend(self.item(item));
        }
        items
    }

    /// Lowers one item; a macro that declares statics gives several.
    pub(super) fn item(&mut self, from: &I) -> Vec<Item> {
        self.note_item(from);
        let item = match from {
            I::Struct(of) => named(&of.ident, &of.vis, &of.attrs, {
                ItemKind::Struct(generics(&of.generics), self.fields(&of.fields))
            }),
            I::Union(of) => named(&of.ident, &of.vis, &of.attrs, {
                let list = of.fields.named.iter().enumerate();
                let list = list.map(|(at, of)| self.field(at, of)).collect();
                ItemKind::Struct(generics(&of.generics), Fields { list, tuple: false })
            }),
            I::Enum(of) => named(&of.ident, &of.vis, &of.attrs, {
                let variants = of.variants.iter().map(|of| self.variant(of)).collect();
                ItemKind::Enum(generics(&of.generics), variants)
            }),
            I::Fn(of) => named(&of.sig.ident, &of.vis, &of.attrs, {
                ItemKind::Fn(Box::new(self.function(&of.sig, Some(&of.block))))
            }),
            I::Trait(of) => named(&of.ident, &of.vis, &of.attrs, self.trait_kind(of)),
            I::Impl(of) => self.impl_item(of),
            I::Mod(of) => named(&of.ident, &of.vis, &of.attrs, {
                let inline = of.content.as_ref().map(|(_, items)| self.items(items));
                ItemKind::Mod(ModDef { inline })
            }),
            I::Macro(of) => return self.macro_items(of),
            other => return self.plain(other).into_iter().collect(),
        };
        vec![item]
    }

    fn plain(&mut self, from: &I) -> Option<Item> {
        Some(match from {
            I::Type(of) => named(&of.ident, &of.vis, &of.attrs, {
                ItemKind::Alias(generics(&of.generics), Box::new(ty(&of.ty)))
            }),
            I::Const(of) => named(&of.ident, &of.vis, &of.attrs, {
                ItemKind::Const(Box::new(ty(&of.ty)), Box::new(self.expr(&of.expr)))
            }),
            I::Static(of) => named(&of.ident, &of.vis, &of.attrs, {
                let value = self.initialiser(&of.expr);
                ItemKind::Static(Box::new(ty(&of.ty)), Box::new(value))
            }),
            I::Use(of) => {
                let mut imports = Vec::new();
                use_tree(
                    &of.tree,
                    of.leading_colon.is_some(),
                    &mut Vec::new(),
                    &mut imports,
                );
                unnamed(&of.vis, &of.attrs, ItemKind::Use(imports))
            }
            I::ExternCrate(of) => {
                let alias = of.rename.as_ref().map_or(&of.ident, |(_, alias)| alias);
                let kind = ItemKind::ExternCrate(of.ident.to_string());
                named(alias, &of.vis, &of.attrs, kind)
            }
            _ => return None,
        })
    }

    fn impl_item(&mut self, from: &syn::ItemImpl) -> Item {
        let items = from
            .items
            .iter()
            .filter_map(|of| self.impl_part(of))
            .collect();
        let trait_path = from.trait_.as_ref().map(|(of, _)| path(of));
        let def = ImplDef {
            generics: generics(&from.generics),
            trait_path: trait_path.filter(|_| from.modifiers.polarity.is_none()),
            self_ty: ty(&from.self_ty),
            items,
        };
        unnamed(
            &Visibility::Inherited,
            &from.attrs,
            ItemKind::Impl(Box::new(def)),
        )
    }

    fn trait_kind(&mut self, from: &syn::ItemTrait) -> ItemKind {
        ItemKind::Trait(Box::new(TraitDef {
            generics: generics(&from.generics),
            supers: bounds(&from.supertraits),
            items: from
                .items
                .iter()
                .filter_map(|of| self.trait_part(of))
                .collect(),
        }))
    }

    fn impl_part(&mut self, from: &ImplItem) -> Option<AssocItem> {
        Some(match from {
            ImplItem::Fn(of) => {
                let head = head_of(&of.vis, signature_start(&of.sig));
                self.note(&of.attrs, head, of.block.brace_token.span.close());
                assoc(&of.sig.ident, &of.vis, &of.attrs, {
                    AssocKind::Fn(Box::new(self.function(&of.sig, Some(&of.block))))
                })
            }
            ImplItem::Const(of) => {
                let head = head_of(&of.vis, of.const_token.span);
                self.note(&of.attrs, head, of.semi_token.spans[0]);
                let kind = AssocKind::Const(Some(Box::new(self.expr(&of.expr))));
                assoc(&of.ident, &of.vis, &of.attrs, kind)
            }
            ImplItem::Type(of) => assoc(
                &of.ident,
                &of.vis,
                &of.attrs,
                AssocKind::Type(Some(Box::new(ty(&of.ty)))),
            ),
            ImplItem::Macro(of) => Self::assoc_macro(&of.mac, &of.attrs),
            _ => return None,
        })
    }

    fn trait_part(&mut self, from: &TraitItem) -> Option<AssocItem> {
        let vis = &Visibility::Inherited;
        Some(match from {
            TraitItem::Fn(of) => {
                let end = of
                    .default
                    .as_ref()
                    .map(|body| body.brace_token.span.close());
                let end = end.or_else(|| of.semi_token.map(|semi| semi.spans[0]));
                let start = signature_start(&of.sig);
                self.note(&of.attrs, start, end.unwrap_or(start));
                assoc(&of.sig.ident, vis, &of.attrs, {
                    AssocKind::Fn(Box::new(self.function(&of.sig, of.default.as_ref())))
                })
            }
            TraitItem::Const(of) => {
                let value = of
                    .default
                    .as_ref()
                    .map(|(_, value)| Box::new(self.expr(value)));
                assoc(&of.ident, vis, &of.attrs, AssocKind::Const(value))
            }
            TraitItem::Type(of) => {
                let default = of
                    .default
                    .as_ref()
                    .map(|(_, default)| Box::new(ty(default)));
                assoc(&of.ident, vis, &of.attrs, AssocKind::Type(default))
            }
            TraitItem::Macro(of) => Self::assoc_macro(&of.mac, &of.attrs),
            _ => return None,
        })
    }

    fn assoc_macro(mac: &syn::Macro, of: &[syn::Attribute]) -> AssocItem {
        AssocItem {
            name: Name {
                text: SmolStr::default(),
                span: path(&mac.path).span,
            },
            vis: Vis::Private,
            attrs: attrs(of),
            kind: AssocKind::Macro,
        }
    }

    fn variant(&mut self, from: &syn::Variant) -> Variant {
        self.note(&from.attrs, from.ident.span(), from.ident.span());
        Variant {
            name: name(&from.ident),
            attrs: attrs(&from.attrs),
            fields: self.fields(&from.fields),
        }
    }

    fn fields(&mut self, from: &syn::Fields) -> Fields {
        let list = from.iter().enumerate().map(|(at, of)| self.field(at, of));
        Fields {
            list: list.collect(),
            tuple: matches!(from, syn::Fields::Unnamed(_)),
        }
    }

    fn field(&mut self, at: usize, from: &syn::Field) -> Field {
        let ty = ty(&from.ty);
        let name = match &from.ident {
            Some(ident) => name(ident),
            None => Name {
                text: at.to_smolstr(),
                span: ty.span,
            },
        };
        if let Some(extents) = &mut self.extents {
            let attrs = from.attrs.first();
            let first = attrs.map_or(name.span, |attr| span(attr.pound_token.spans[0]));
            let raw = from.ident.as_ref().map(syn::Ident::span);
            let head = raw.map_or(name.span, |raw| span(head_of(&from.vis, raw)));
            let first = if first.start < head.start {
                first
            } else {
                head
            };
            extents.push(super::Extent {
                whole: first.to(ty.span),
                head: head.start,
            });
        }
        Field {
            name,
            vis: vis(&from.vis),
            attrs: attrs(&from.attrs),
            ty,
        }
    }
}

fn use_tree(tree: &UseTree, global: bool, front: &mut Vec<SmolStr>, into: &mut Vec<Import>) {
    match tree {
        UseTree::Path(of) => {
            front.push(name(&of.ident).text);
            use_tree(&of.tree, global, front, into);
            front.pop();
        }
        UseTree::Name(of) => {
            let own = name(&of.ident).text;
            let alias = match own.as_str() {
                "self" => front.last().cloned().unwrap_or_default(),
                _ => own.clone(),
            };
            into.push(import(front, global, Some(own), Some(alias)));
        }
        UseTree::Rename(of) => {
            let (own, alias) = (name(&of.ident).text, name(&of.rename).text);
            into.push(import(front, global, Some(own), Some(alias)));
        }
        UseTree::Glob(_) => into.push(import(front, global, None, None)),
        UseTree::Group(of) => {
            for part in &of.items {
                use_tree(part, global, front, into);
            }
        }
    }
}

fn import(front: &[SmolStr], global: bool, own: Option<SmolStr>, alias: Option<SmolStr>) -> Import {
    let mut path = front.to_vec();
    path.extend(own.filter(|own| own != "self" || front.is_empty()));
    Import {
        global,
        path,
        name: alias,
    }
}

fn named(ident: &syn::Ident, of: &Visibility, with: &[syn::Attribute], kind: ItemKind) -> Item {
    Item {
        name: name(ident),
        vis: vis(of),
        attrs: attrs(with),
        kind,
    }
}

fn unnamed(of: &Visibility, with: &[syn::Attribute], kind: ItemKind) -> Item {
    Item {
        name: Name {
            text: SmolStr::default(),
            span: Span::default(),
        },
        vis: vis(of),
        attrs: attrs(with),
        kind,
    }
}

fn assoc(
    ident: &syn::Ident,
    of: &Visibility,
    with: &[syn::Attribute],
    kind: AssocKind,
) -> AssocItem {
    AssocItem {
        name: name(ident),
        vis: vis(of),
        attrs: attrs(with),
        kind,
    }
}

fn vis(from: &Visibility) -> Vis {
    match from {
        Visibility::Public(_) => Vis::Public,
        Visibility::Restricted(of) if of.path.is_ident("self") => Vis::Private,
        Visibility::Restricted(_) => Vis::Restricted,
        Visibility::Inherited => Vis::Private,
    }
}

/// The item of a `static` found in a macro.
pub(super) fn static_item(
    ident: &syn::Ident,
    of: &Visibility,
    of_ty: &syn::Type,
    value: FnDef,
) -> Item {
    named(
        ident,
        of,
        &[],
        ItemKind::Static(Box::new(ty(of_ty)), Box::new(value)),
    )
}

/// Lowers an item without a form of its own.
pub(super) fn bare_item(
    ident: Option<&syn::Ident>,
    with: &[syn::Attribute],
    kind: ItemKind,
) -> Item {
    match ident {
        Some(ident) => named(ident, &Visibility::Inherited, with, kind),
        None => unnamed(&Visibility::Inherited, with, kind),
    }
}
