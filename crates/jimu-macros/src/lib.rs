//! Derive macros of jimu. Use them through the library: `use jimu::nn::Module;` brings the trait and the derive.
#![forbid(unsafe_code)]

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Member, Result};

/// Implements `Module` and `Display` for a struct from its fields: their names are the keys of the `state_dict`.
///
/// Every field must be something that a module can be made of: a `Parameter`, a `Buffer`, a module, an `Option`, `Vec`
/// or array of those, or a plain option (a number, a `bool`, a `String`, …), which is passed over. A field of any other
/// type is a compile error, so that no parameter is forgotten; `#[module(skip)]` passes over it on purpose.
///
/// `#[module(extra_repr)]` on the struct says that it has a method `fn extra_repr(&self) -> String`, whose text is shown
/// between the parentheses.
#[proc_macro_derive(Module, attributes(module))]
pub fn derive_module(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(Error::into_compile_error).into()
}

fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(
            &input.ident,
            "Module can be derived for a struct only: put variants in fields",
        ));
    };
    let name = &input.ident;
    let kind = name.to_string();
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let fields = list_fields(&data.fields)?;
    let extra_repr = has_option(&input.attrs, "extra_repr")?.then(|| {
        quote! {
            fn extra_repr(&self) -> ::std::string::String {
                Self::extra_repr(self)
            }
        }
    });
    Ok(quote! {
        impl #impl_generics ::jimu::nn::Module for #name #type_generics #where_clause {
            fn kind(&self) -> &str {
                #kind
            }
            fn fields(&self) -> ::jimu::nn::Fields<'_> {
                let mut fields = ::jimu::nn::Fields::new();
                #(#fields)*
                fields
            }
            #extra_repr
        }

        impl #impl_generics ::std::fmt::Display for #name #type_generics #where_clause {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::jimu::nn::fmt_module(self, f)
            }
        }
    })
}

/// One line of code for each field that is not skipped.
fn list_fields(fields: &Fields) -> Result<Vec<TokenStream>> {
    let mut lines = Vec::new();
    for (member, field) in fields.members().zip(fields) {
        if has_option(&field.attrs, "skip")? {
            continue;
        }
        let name = match &member {
            Member::Named(ident) => ident.to_string().trim_start_matches("r#").to_owned(),
            Member::Unnamed(index) => index.index.to_string(),
        };
        // The span is the field's own, so that a wrong type is marked there.
        let ty = &field.ty;
        lines.push(quote! { <#ty as ::jimu::nn::FieldType>::list(&self.#member, #name, &mut fields); });
    }
    Ok(lines)
}

/// Whether `#[module(option)]` is among the attributes; any other option is refused.
fn has_option(attributes: &[syn::Attribute], option: &str) -> Result<bool> {
    let mut found = false;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("module")) {
        attribute.parse_nested_meta(|meta| {
            found |= meta.path.is_ident(option);
            match meta.path.is_ident("skip") || meta.path.is_ident("extra_repr") {
                true => Ok(()),
                false => Err(meta.error("unknown option: a field takes `skip`, a struct `extra_repr`")),
            }
        })?;
    }
    Ok(found)
}
