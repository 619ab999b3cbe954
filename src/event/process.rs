//! Processes, material forms and stages: the vocabulary of what happens to material (DOMAIN sources: ISO 23664 scope,
//! DFARS 225.7018, FY2023 NDAA s.857).

use crate::value::closed_enum::closed_enum;

closed_enum!(
    /// What was done to material at a facility.
    Process, "a process", {
        Mine = "mine", "extraction of ore, sand or brine from a deposit";
        Crush = "crush", "crushing and grinding of ore";
        Beneficiate = "beneficiate", "flotation, gravity or magnetic concentration";
        Crack = "crack", "cracking: acid baking, caustic digestion or roasting of a concentrate";
        Leach = "leach", "leaching into solution";
        Precipitate = "precipitate", "precipitation of a mixed compound such as MREC";
        Separate = "separate", "separation of rare earths from each other by solvent extraction or ion exchange";
        Calcine = "calcine", "calcining to oxide";
        Fluorinate = "fluorinate", "conversion to fluoride";
        Refine = "refine", "hydrometallurgical or thermal refining of a metal other than a rare earth";
        Reduce = "reduce", "reduction to metal or ferroalloy: electrolysis, metallothermic or carbothermic";
        Melt = "melt", "melting of an alloy";
        StripCast = "strip-cast", "strip casting of a melt into flake";
        HydrogenDecrepitate = "hydrogen-decrepitate", "hydrogen decrepitation";
        JetMill = "jet-mill", "jet milling to powder";
        Press = "press", "aligning and pressing of powder";
        Sinter = "sinter", "sintering";
        Bond = "bond", "bonding of powder with a binder";
        Age = "age", "ageing heat treatment";
        GrainBoundaryDiffuse = "grain-boundary-diffuse", "grain boundary diffusion of Dy or Tb";
        Machine = "machine", "cutting, slicing and machining to pieces";
        Grind = "grind", "grinding to dimension";
        Coat = "coat", "coating: Ni, Zn, Al, epoxy, phosphate";
        Passivate = "passivate", "passivation of the surface";
        Magnetize = "magnetize", "magnetization";
        Test = "test", "testing and inspection, pieces destroyed included";
        Pack = "pack", "packing";
        Assemble = "assemble", "assembly into a component or end item";
        Collect = "collect", "collection of scrap or end-of-life products";
        Dismantle = "dismantle", "dismantling of products";
        Demagnetize = "demagnetize", "thermal demagnetization";
        RecycleHydrogen = "recycle-hydrogen", "recycling by hydrogen processing of magnet scrap (HPMS)";
        RecycleRoast = "recycle-roast", "recycling by roasting to oxide";
        RecycleRemelt = "recycle-remelt", "recycling by re-melting to alloy";
        RecycleMill = "recycle-mill", "recycling by milling magnets or swarf to powder";
        Stocktake = "stocktake", "stocktake: the book mass of a lot is replaced by a measured one";
        Redrum = "redrum", "filling into other drums, bags or containers";
        Dry = "dry", "drying";
        Move = "move", "move between stores of one site";
    }
);

closed_enum!(
    /// The stage buckets that procurement rules speak of.
    Stage, "a stage", {
        Mined = "mined", "mined, or collected where recycled";
        Refined = "refined", "refined: concentrate, cracked, leached, mixed compound";
        Separated = "separated", "separated into single compounds, calcined";
        Reduced = "reduced", "reduced to metal";
        Melted = "melted", "melted into alloy";
        Produced = "produced", "produced: powder, pressing, sintering or bonding, finishing, magnetization";
        EndItem = "end-item", "assembled into a component or end item";
    }
);

closed_enum!(
    /// What a lot consists of.
    Form, "a material form", {
        Ore = "ore", "ore, sand or run of mine";
        Concentrate = "concentrate", "mineral concentrate";
        Mrec = "mrec", "mixed rare-earth carbonate or another mixed compound";
        Carbonate = "carbonate", "carbonate of a single or few rare earths";
        Chloride = "chloride", "chloride";
        Oxide = "oxide", "oxide";
        Fluoride = "fluoride", "fluoride";
        Metal = "metal", "rare-earth metal";
        AlloyFlake = "alloy-flake", "strip-cast alloy flake";
        AlloyIngot = "alloy-ingot", "alloy ingot";
        Powder = "powder", "alloy powder";
        Block = "block", "sintered or bonded block, not yet finished";
        Blank = "blank", "finished piece, not yet magnetized";
        Magnet = "magnet", "permanent magnet";
        Scrap = "scrap", "scrap: swarf, green scrap, rejects";
        Residue = "residue", "residue: tailings, dross, slag, ultrafines";
        InProcess = "in-process", "content of a circuit, bath or silo, bound to its facility";
        Iron = "iron", "iron or iron ore product";
        Borate = "borate", "borate or boron compound";
        Ferroboron = "ferroboron", "ferroboron";
        Cobalt = "cobalt", "cobalt metal or intermediate";
        OtherMetal = "other-metal", "another metal or ferroalloy: Cu, Al, Ga, Nb, Zr";
        EndOfLife = "end-of-life", "end-of-life product that contains magnets";
        Component = "component", "component with built-in magnets";
        EndItem = "end-item", "end item";
    }
);

closed_enum!(
    /// What an output is to the operation that made it.
    OutputRole, "an output role", {
        Product = "product", "what the operation is run for";
        ByProduct = "by-product", "another saleable output";
        Scrap = "scrap", "pre-consumer scrap for recycling";
        Residue = "residue", "waste or material for disposal";
        Heel = "heel", "what stays in the circuit for the next period";
    }
);

closed_enum!(
    /// Where a loss went.
    LossKind, "a loss kind", {
        OffGas = "off-gas", "gas or vapour";
        Moisture = "moisture", "water driven off";
        Slag = "slag", "slag or dross not kept as a lot";
        Dust = "dust", "dust or filter cake";
        Solution = "solution", "liquor or waste water";
        Tailings = "tailings", "tailings not kept as a lot";
        Sample = "sample", "material taken as sample or destroyed in a test";
        Spill = "spill", "spill";
        Weighing = "weighing", "difference of weighings";
        Stocktake = "stocktake", "book against measured at a stocktake";
        Difference = "difference", "everything not measured: inputs less outputs and other losses";
    }
);

closed_enum!(
    /// How material entered the ledger.
    SourceKind, "a source kind", {
        Mined = "mined", "extracted at this facility";
        PostConsumer = "post-consumer", "recovered from products after their use";
        PreConsumer = "pre-consumer", "recovered from production scrap of others";
        OpeningStock = "opening-stock", "already there when recording began";
        Purchased = "purchased", "bought from a supplier who does not record here";
        Returned = "returned", "came back after it had left the ledger";
    }
);

closed_enum!(
    /// Chain-of-custody models of ISO 22095:2020, strongest first.
    CustodyModel, "a custody model", {
        IdentityPreserved = "identity-preserved", "one source, kept apart all the way";
        Segregated = "segregated", "several conforming sources, kept apart from others";
        ControlledBlending = "controlled-blending", "conforming and other material mixed in a known proportion";
        MassBalance = "mass-balance", "proportion matches only on average over a period";
        BookAndClaim = "book-and-claim", "claims without physical connection";
    }
);
